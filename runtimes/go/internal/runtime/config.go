package runtime

// What the environment says: where the sidecar's socket is, and whether one may be used.
// This file opens nothing.

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const howToStart = "start one with `conductor sidecar`, or run your program under `conductor dev -- CMD`"

// findSocket gives the path of the sidecar's socket, empty where there is none yet.
func findSocket() string {
	if named := os.Getenv("CONDUCTOR_SOCKET"); named != "" {
		return named
	}
	return FindFile(filepath.Join(".conductor", "sidecar.sock"))
}

// FindFile gives the path of the nearest file of a name, in the folders where the search starts or above them; empty where
// there is none.
func FindFile(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	for _, start := range startFolders() {
		for folder := start; ; folder = filepath.Dir(folder) {
			candidate := filepath.Join(folder, name)
			if _, err := os.Stat(candidate); err == nil {
				return candidate
			}
			if folder == filepath.Dir(folder) {
				break
			}
		}
	}
	return ""
}

// findProject gives the nearest folder that has a manifest, or the state of one; empty where there is none.
func findProject() string {
	for _, start := range startFolders() {
		for folder := start; ; folder = filepath.Dir(folder) {
			for _, name := range []string{".conductor", "concurrency.yaml", "concurrency.hcl"} {
				if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
					return folder
				}
			}
			if folder == filepath.Dir(folder) {
				break
			}
		}
	}
	return ""
}

// startFolders are the working directory and the folder of the generated package, as far as it is where it was built.
func startFolders() []string {
	var folders []string
	if working, err := os.Getwd(); err == nil {
		folders = append(folders, working)
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		folders = append(folders, filepath.Dir(file))
	}
	return folders
}

func sidecarMode() string {
	if mode := os.Getenv("CONDUCTOR_SIDECAR"); mode != "" {
		return mode
	}
	return "auto"
}

// mayConnect refuses where the environment forbids a sidecar.
func mayConnect(workflow, run string) error {
	switch mode := sidecarMode(); mode {
	case "auto", "require":
		return nil
	case "off":
		return unavailable(workflow, run, "CONDUCTOR_SIDECAR=off forbids one")
	default:
		return unavailable(workflow, run, fmt.Sprintf("CONDUCTOR_SIDECAR is %q, not auto, require or off", mode))
	}
}

// unavailable is the one error of a durable workflow without a sidecar.
func unavailable(workflow, run, reason string) error {
	message := fmt.Sprintf("workflow %s is durable and needs a sidecar: %s; %s", workflow, reason, howToStart)
	return &WorkflowError{Workflow: workflow, Run: run, message: message, cause: ErrSidecarUnavailable}
}
