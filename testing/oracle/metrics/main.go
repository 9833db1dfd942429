// Reads what an exporter serves as a Prometheus server reads it, and tells which of its alerts would be pending or firing.
//
// One request a line: {"contentType": …, "metrics": text, "rules": a file of rules}. One answer a line: {"series": {name{labels}: value},
// "alerts": [names]}, or {"error": …}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
)

type request struct {
	ContentType string `json:"contentType"`
	Metrics     string `json:"metrics"`
	Rules       string `json:"rules"`
}

type answer struct {
	Series map[string]float64 `json:"series"`
	Alerts []string           `json:"alerts"`
	Error  string             `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		var told answer
		if err = json.Unmarshal(line, &asked); err == nil {
			told, err = judge(asked)
		}
		if err != nil {
			told = answer{Error: err.Error()}
		}
		text, _ := json.Marshal(told)
		fmt.Println(string(text))
	}
}

func judge(asked request) (answer, error) {
	folder, err := os.MkdirTemp("", "seaworthy-metrics-")
	if err != nil {
		return answer{}, err
	}
	defer os.RemoveAll(folder)
	database, err := tsdb.Open(folder, nil, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return answer{}, err
	}
	defer database.Close()

	now := time.Now()
	series, err := take(database, asked, now)
	if err != nil {
		return answer{}, err
	}
	alerts, err := firing(database, asked.Rules, now)
	return answer{Series: series, Alerts: alerts}, err
}

// What was served, as samples of now.
func take(database *tsdb.DB, asked request, now time.Time) (map[string]float64, error) {
	symbols := labels.NewSymbolTable()
	served, err := textparse.New([]byte(asked.Metrics), asked.ContentType, symbols, textparse.ParserOptions{})
	if err != nil {
		return nil, err
	}
	series := map[string]float64{}
	appender := database.Appender(context.Background())
	for {
		entry, err := served.Next()
		if errors.Is(err, io.EOF) {
			return series, appender.Commit()
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var of labels.Labels
		served.Labels(&of)
		_, _, value := served.Series()
		if _, twice := series[of.String()]; twice {
			return nil, fmt.Errorf("%s is served twice", of)
		}
		series[of.String()] = value
		if _, err := appender.Append(0, of, now.UnixMilli(), value); err != nil {
			return nil, err
		}
	}
}

// The alerts whose expressions hold now, however long they must.
func firing(database *tsdb.DB, text string, now time.Time) ([]string, error) {
	groups, faults := rulefmt.Parse([]byte(text), false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.Default())
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute})
	defer engine.Close()
	alerts := []string{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			query, err := engine.NewInstantQuery(context.Background(), database, nil, rule.Expr, now)
			if err != nil {
				return nil, err
			}
			result := query.Exec(context.Background())
			if result.Err != nil {
				return nil, result.Err
			}
			found, err := result.Vector()
			if err != nil {
				return nil, err
			}
			if len(found) > 0 {
				alerts = append(alerts, rule.Alert)
			}
			query.Close()
		}
	}
	return alerts, nil
}
