// Command app makes the calls that files ask for, and writes down what each came to.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"example.com/breakers/conductorgen"
	"example.com/breakers/world"
)

func cameTo(workflow, who string) string {
	ctx := context.Background()
	var text string
	var err error
	switch workflow {
	case "knock_go":
		text, err = conductorgen.KnockGo(ctx, conductorgen.KnockGoInput{Who: who})
	case "knock_durably_go":
		text, err = conductorgen.KnockDurablyGo(ctx, conductorgen.KnockDurablyGoInput{Who: who})
	case "press_go":
		text, err = conductorgen.PressGo(ctx, conductorgen.PressGoInput{Who: who})
	default:
		text, err = conductorgen.PressDurablyGo(ctx, conductorgen.PressDurablyGoInput{Who: who})
	}
	var open *conductorgen.CircuitOpen
	var down *world.ConnectionError
	var refused *world.Refused
	switch {
	case err == nil:
		return text
	case errors.As(err, &open):
		return "CircuitOpen"
	case errors.As(err, &down):
		return "ConnectionError"
	case errors.As(err, &refused):
		return "Refused"
	}
	return err.Error()
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
			workflow, _ := os.ReadFile(command)
			result := fmt.Sprintf("results/%s-%d", who, number)
			_ = os.WriteFile(result+".new", []byte(cameTo(string(workflow), who)), 0o644)
			_ = os.Rename(result+".new", result)
		}()
	}
}
