package main

import (
	"encoding/json"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// applyDefaults does to a pod what the API server does before it judges it, as far as a check can see it:
// SetDefaults_Volume and SetDefaults_Pod (pkg/apis/core/v1/defaults.go) and applyAppArmorVersionSkew
// (pkg/registry/core/pod/strategy.go) of Kubernetes v1.36.3.
func applyDefaults(pod *corev1.Pod, data []byte, kindPod bool) {
	unknown := volumesOfUnknownType(data)
	for i := range pod.Spec.Volumes {
		source := &pod.Spec.Volumes[i].VolumeSource
		if !unknown[i] && reflect.ValueOf(*source).IsZero() {
			source.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	if !kindPod {
		return
	}
	if pod.Spec.HostNetwork {
		for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
			for i := range containers {
				for j := range containers[i].Ports {
					if port := &containers[i].Ports[j]; port.HostPort == 0 {
						port.HostPort = port.ContainerPort
					}
				}
			}
		}
	}
	if pod.Spec.OS == nil || pod.Spec.OS.Name != corev1.Windows {
		for i := range pod.Spec.InitContainers {
			copyAppArmor(pod, &pod.Spec.InitContainers[i])
		}
		for i := range pod.Spec.Containers {
			copyAppArmor(pod, &pod.Spec.Containers[i])
		}
		for i := range pod.Spec.EphemeralContainers {
			copyAppArmor(pod, (*corev1.Container)(&pod.Spec.EphemeralContainers[i].EphemeralContainerCommon))
		}
	}
}

// volumesOfUnknownType finds, by index, volumes of a type that this version of the API does not know. A server
// that knows the type does not make it an emptyDir.
func volumesOfUnknownType(data []byte) map[int]bool {
	var pod struct {
		Spec struct {
			Volumes []map[string]any `json:"volumes"`
		} `json:"spec"`
	}
	fail(json.Unmarshal(data, &pod))
	known := map[string]bool{"name": true}
	sources := reflect.TypeOf(corev1.VolumeSource{})
	for i := range sources.NumField() {
		name, _, _ := strings.Cut(sources.Field(i).Tag.Get("json"), ",")
		known[name] = true
	}
	unknown := map[int]bool{}
	for i, volume := range pod.Spec.Volumes {
		for key, value := range volume {
			if value != nil && !known[key] {
				unknown[i] = true
			}
		}
	}
	return unknown
}

func copyAppArmor(pod *corev1.Pod, container *corev1.Container) {
	annotation, found := pod.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+container.Name]
	if !found || container.SecurityContext != nil && container.SecurityContext.AppArmorProfile != nil {
		return
	}
	profile := profileOf(annotation)
	var ofPod *corev1.AppArmorProfile
	if pod.Spec.SecurityContext != nil {
		ofPod = pod.Spec.SecurityContext.AppArmorProfile
	}
	if profile == nil || reflect.DeepEqual(profile, ofPod) {
		return
	}
	if container.SecurityContext == nil {
		container.SecurityContext = &corev1.SecurityContext{}
	}
	container.SecurityContext.AppArmorProfile = profile
}

// profileOf is the valid profile that an annotation names, or nil.
func profileOf(annotation string) *corev1.AppArmorProfile {
	local, isLocal := strings.CutPrefix(annotation, "localhost/")
	switch {
	case annotation == "unconfined":
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
	case annotation == "runtime/default":
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault}
	case isLocal && local != "" && strings.TrimSpace(local) == local && len(local) <= 4095:
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &local}
	}
	return nil
}
