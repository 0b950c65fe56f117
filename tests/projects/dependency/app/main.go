// Command app makes the calls that files ask for, and writes down what each came to.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"example.com/dependency/conductorgen"
)

func cameTo(workflow, city string) string {
	ctx := context.Background()
	var weather string
	var err error
	switch workflow {
	case "look_go":
		found, failure := conductorgen.LookGo(ctx, conductorgen.LookGoInput{City: city})
		weather, err = found.Weather, failure
	case "visit_go":
		found, failure := conductorgen.VisitGo(ctx, conductorgen.VisitGoInput{City: city})
		weather, err = found.Weather, failure
	default:
		found, failure := conductorgen.LookAtGo(ctx, conductorgen.LookAtGoInput{City: city})
		weather, err = found.Weather, failure
	}
	var open *conductorgen.CircuitOpen
	switch {
	case err == nil:
		return weather
	case errors.As(err, &open):
		return "open"
	}
	return "failed"
}

func main() {
	who := os.Args[1]
	for number := 1; ; number++ {
		command := fmt.Sprintf("commands/%s-%d", who, number)
		for {
			if _, err := os.Stat(command); err == nil {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		go func() {
			text, _ := os.ReadFile(command)
			workflow, city, _ := strings.Cut(string(text), " ")
			result := fmt.Sprintf("results/%s-%d", who, number)
			_ = os.WriteFile(result+".new", []byte(cameTo(workflow, city)), 0o644)
			_ = os.Rename(result+".new", result)
		}()
	}
}
