package runtime

// Starts a sidecar where there is none: one for all processes of the project, which goes on by itself.
// This file does not speak to it.

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// startWithin is how long `conductor sidecar --background` may take. It says earlier when it gives up.
const startWithin = 30 * time.Second

// mayStart says whether the environment asks for it.
func mayStart() bool {
	return os.Getenv("CONDUCTOR_SIDECAR") == "auto" && os.Getenv("CONDUCTOR_SOCKET") == ""
}

// startSidecar returns when a sidecar answers. It says why that cannot be.
func startSidecar() string {
	folder := findProject()
	if folder == "" {
		return "there is no concurrency.yaml here or above beside which one could be started"
	}
	binary := os.Getenv("CONDUCTOR_BIN")
	if binary == "" {
		binary = "conductor"
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	command := exec.CommandContext(ctx, binary, "sidecar", "--background", "--data", filepath.Join(folder, ".conductor"))
	var said bytes.Buffer
	command.Dir, command.Stderr = folder, &said
	if err := command.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		if first == "" {
			first = err.Error()
		}
		return fmt.Sprintf("%s started none (%s)", binary, first)
	}
	return ""
}
