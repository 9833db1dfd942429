package main

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"sort"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// decoders names the types that decode themselves. A type with an UnmarshalJSON that is not here is an error.
var decoders = map[reflect.Type]string{
	reflect.TypeFor[resource.Quantity]():                                 "quantity",
	reflect.TypeFor[intstr.IntOrString]():                                "int-or-string",
	reflect.TypeFor[metav1.Time]():                                       "time",
	reflect.TypeFor[metav1.MicroTime]():                                  "microtime",
	reflect.TypeFor[metav1.FieldsV1]():                                   "raw",
	reflect.TypeFor[runtime.RawExtension]():                              "raw",
	reflect.TypeFor[apiextensionsv1.JSON]():                              "raw",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrBool]():             "schema-or-bool",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrArray]():            "schema-or-list",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrStringArray]():      "schema-or-strings",
	reflect.TypeFor[apiextensionsv1beta1.JSON]():                         "raw",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrBool]():        "schema-or-bool",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrArray]():       "schema-or-list",
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrStringArray](): "schema-or-strings",
}

// ownSchema is the type of the schemas inside a type that is a schema or something else.
var ownSchema = map[string]reflect.Type{
	reflect.TypeFor[apiextensionsv1.JSON]().PkgPath():      reflect.TypeFor[apiextensionsv1.JSONSchemaProps](),
	reflect.TypeFor[apiextensionsv1beta1.JSON]().PkgPath(): reflect.TypeFor[apiextensionsv1beta1.JSONSchemaProps](),
}

type unmarshaler interface{ UnmarshalJSON([]byte) error }

type textUnmarshaler interface{ UnmarshalText([]byte) error }

// generator collects the structs that are reachable from the kinds.
type generator struct {
	known *runtime.Scheme
	names map[reflect.Type]string
	// waiting are the structs that have a name and no fields yet.
	waiting []reflect.Type
}

// table prints the kinds of the scheme, then every struct type with its fields as JSON knows them.
func table(known *runtime.Scheme) string {
	g := &generator{known: known, names: map[reflect.Type]string{}}
	var kinds []string
	for gvk, object := range known.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || object.PkgPath() == reflect.TypeFor[metav1.ObjectMeta]().PkgPath() {
			continue // options, watch events and statuses are no objects
		}
		kinds = append(kinds, fmt.Sprintf("%s\t%s\t%s\n", gvk.GroupVersion(), gvk.Kind, g.name(object)))
	}
	sort.Strings(kinds)

	types := map[string]string{}
	for len(g.waiting) > 0 {
		next := g.waiting[0]
		g.waiting = g.waiting[1:]
		types[g.names[next]] = g.fields(next)
	}
	names := make([]string, 0, len(types))
	for name := range types {
		names = append(names, name)
	}
	sort.Strings(names)

	var out strings.Builder
	fmt.Fprintf(&out, "# Written by `go run . generate` in testing/oracle/schema from %s. Do not edit.\n", sources())
	out.WriteString("# apiVersion, kind, type; then each type with its fields.\n")
	for _, kind := range kinds {
		out.WriteString(kind)
	}
	for _, name := range names {
		fmt.Fprintf(&out, "%s\n%s", name, types[name])
	}
	return out.String()
}

func sources() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		panic("built without module information")
	}
	var found []string
	for _, module := range info.Deps {
		switch module.Path {
		case "k8s.io/api", "k8s.io/apiextensions-apiserver", "k8s.io/apimachinery", "k8s.io/kube-aggregator":
			found = append(found, module.Path+" "+module.Version)
		}
	}
	return strings.Join(found, ", ")
}

// name gives the name under which OpenAPI publishes a struct, and sees to it that its fields are written.
func (g *generator) name(t reflect.Type) string {
	if name, ok := g.names[t]; ok {
		return name
	}
	named, ok := reflect.Zero(t).Interface().(interface{ OpenAPIModelName() string })
	if !ok {
		panic(fmt.Sprintf("%v has no OpenAPI name", t))
	}
	name := named.OpenAPIModelName()
	g.names[t] = name
	g.waiting = append(g.waiting, t)
	return name
}

func (g *generator) fields(t reflect.Type) string {
	found := map[string]string{}
	g.collect(t, found)
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	var out strings.Builder
	for _, name := range names {
		fmt.Fprintf(&out, "\t%s\t%s\n", name, found[name])
	}
	return out.String()
}

// collect follows the visibility rules of encoding/json; a field that two embedded structs offer is an error here.
func (g *generator) collect(t reflect.Type, found map[string]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag, tagged := field.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if strings.Contains(options, "string") {
			panic(fmt.Sprintf("%v.%s is a number in a string", t, field.Name))
		}
		if field.Anonymous && name == "" {
			embedded := field.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			g.collect(embedded, found)
			continue
		}
		if !tagged || name == "" {
			name = field.Name
		}
		if _, twice := found[name]; twice {
			panic(fmt.Sprintf("%v has the field %s twice", t, name))
		}
		found[name] = g.expression(field.Type)
	}
}

// expression writes a type: `[]` and `{}` stand before the type of the items of a list and the values of a map.
func (g *generator) expression(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return g.expression(t.Elem())
	}
	if name, ok := decoders[t]; ok {
		if schema, ok := ownSchema[t.PkgPath()]; ok && name != "raw" {
			return name + " " + g.name(schema)
		}
		return name
	}
	pointer := reflect.New(t).Interface()
	if _, ok := pointer.(unmarshaler); ok {
		panic(fmt.Sprintf("%v decodes itself", t))
	}
	if _, ok := pointer.(textUnmarshaler); ok {
		panic(fmt.Sprintf("%v decodes its text", t))
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32, reflect.Int64:
		return t.Kind().String()
	case reflect.Float64:
		return "float"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + g.expression(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic(fmt.Sprintf("%v has other keys than strings", t))
		}
		return "{}" + g.expression(t.Elem())
	case reflect.Struct:
		return g.name(t)
	}
	panic(fmt.Sprintf("%v cannot be written", t))
}
