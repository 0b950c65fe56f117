// Package goside is what is written in Go.
package goside

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Size is how large a parcel is.
type Size string

// The sizes.
const (
	Small Size = "small"
	Large Size = "large"
)

// Part is a part of a parcel.
type Part struct {
	Label  string `json:"label"`
	Pieces int32  `json:"pieces"`
}

// Parcel is the same in all languages.
type Parcel struct {
	ID     string          `json:"id"`
	Note   *string         `json:"note,omitempty"`
	Size   Size            `json:"size"`
	Serial int64           `json:"serial"`
	Pieces int             `json:"pieces"`
	Ratio  float64         `json:"ratio"`
	Price  string          `json:"price"`
	Due    time.Time       `json:"due"`
	Day    string          `json:"day"`
	Spent  time.Duration   `json:"spent"`
	Blob   []byte          `json:"blob"`
	Key    string          `json:"key"`
	Parts  []Part          `json:"parts"`
	ByName map[string]Part `json:"by_name"`
	Inner  *Parcel         `json:"inner"`
	Trail  []string        `json:"trail"`
}

// serial is beyond what a number of JavaScript holds where the parcel is big.
func serial(label string) int64 {
	if label == "big" {
		return 1<<60 + 1
	}
	return 1<<53 - 1
}

// Make is a parcel with values at the edges.
func Make(ctx context.Context, label string) (Parcel, error) {
	part := Part{Label: label, Pieces: 7}
	parcel := Parcel{
		ID:     "ü-" + label,
		Size:   Large,
		Serial: serial(label),
		Pieces: -3,
		Ratio:  0.1,
		Price:  "12345678901234567890.10",
		Due:    time.Date(1911, 12, 14, 15, 0, 0, 123_000_000, time.UTC),
		Day:    "1066-10-14",
		Spent:  -1500 * time.Millisecond,
		Blob:   []byte{0, 255, 254},
		Key:    "00000000-0000-4000-8000-0000000000ff",
		Parts:  []Part{part, part},
		ByName: map[string]Part{"a b": part},
		Trail:  []string{"go"},
	}
	inner := parcel
	note := "noted"
	inner.Note = &note
	inner.ByName = map[string]Part{}
	parcel.Inner = &inner
	return parcel, nil
}

// Pass looks at a parcel that came from elsewhere, and adds itself to those who saw it.
func Pass(ctx context.Context, parcel Parcel) (Parcel, error) {
	inner := parcel.Inner
	switch {
	case inner == nil || inner.Note == nil || *inner.Note != "noted" || parcel.Note != nil:
		return parcel, fmt.Errorf("the notes are lost: %+v", parcel)
	case len(parcel.Parts) != 2 || parcel.Parts[1].Pieces != 7 || parcel.ByName["a b"].Pieces != 7:
		return parcel, fmt.Errorf("parts are lost: %+v", parcel)
	case parcel.Size != Large || parcel.Serial != serial(parcel.Parts[0].Label) || parcel.Pieces != -3 || parcel.Ratio != 0.1:
		return parcel, fmt.Errorf("numbers are lost: %+v", parcel)
	case !parcel.Due.Equal(time.Date(1911, 12, 14, 15, 0, 0, 123_000_000, time.UTC)):
		return parcel, fmt.Errorf("the time is lost: %s", parcel.Due)
	case parcel.Spent != -1500*time.Millisecond || string(parcel.Blob) != "\x00\xff\xfe":
		return parcel, fmt.Errorf("bytes are lost: %+v", parcel)
	}
	parcel.Trail = append(parcel.Trail, "go")
	return parcel, nil
}

// Where writes down the trace in which the step is, and waits until the file `where.open` is there.
func Where(ctx context.Context) (string, error) {
	step, _ := ctx.Value("conductor.step").(map[string]any)
	trace, _ := step["traceparent"].(string)
	log, err := os.OpenFile("where.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer log.Close()
	if _, err := fmt.Fprintln(log, trace); err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat("where.open"); err == nil {
			return trace, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Ledger is what is opened once in the process that serves the function.
type Ledger struct{ lines []string }

// OpenLedger opens it.
func OpenLedger() (*Ledger, error) { return &Ledger{}, nil }

// Book writes a line.
func Book(_ context.Context, goLedger *Ledger, line string) (string, error) {
	goLedger.lines = append(goLedger.lines, line)
	return fmt.Sprintf("go %d", len(goLedger.lines)), nil
}
