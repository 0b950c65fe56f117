package runtime

// Durable runs on the real sidecar: crashes of either side, serving, cancelling, and that nothing is left behind.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"conductor.invalid/internal/cel"
)

// conductorPath is that of the commands; a missing one fails the tests.
func conductorPath(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CONDUCTOR_BIN")
	if path == "" {
		path = "../../../../target/debug/conductor"
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("build it with `cargo build`, or name one in CONDUCTOR_BIN: %s", err)
	}
	return path
}

type sidecar struct {
	t      *testing.T
	folder string
	cmd    *exec.Cmd
}

func newSidecar(t *testing.T) *sidecar {
	t.Helper()
	folder, err := os.MkdirTemp("", "sidecar")
	if err != nil {
		t.Fatal(err)
	}
	s := &sidecar{t: t, folder: folder}
	t.Setenv("CONDUCTOR_SOCKET", s.socket())
	s.start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := Close(ctx); err != nil {
			t.Error(err)
		}
		s.kill()
		_ = os.RemoveAll(folder)
	})
	return s
}

func (s *sidecar) socket() string { return filepath.Join(s.folder, "s") }

func (s *sidecar) start() {
	s.t.Helper()
	s.cmd = exec.Command(conductorPath(s.t), "sidecar", "--data", s.folder, "--socket", s.socket(), "--http", "off")
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready") {
			return
		}
	}
	s.t.Fatal("the sidecar did not start")
}

func (s *sidecar) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// conductor runs a command against the sidecar.
func (s *sidecar) conductor(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(conductorPath(s.t), args...)
	cmd.Env = append(os.Environ(), "CONDUCTOR_SOCKET="+s.socket())
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Logf("conductor %s: %s\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// writes is a workflow of so many writes in order.
func writes(count int, each func(ctx context.Context, index int) (int64, error)) *Workflow {
	return &Workflow{Name: "writes", Plan: "blake3:00112233445566778899aabbccddeeff", Body: func(ctx context.Context, run *Run) (any, error) {
		sum := int64(0)
		for i := range count {
			value, err := task(ctx, run, fmt.Sprintf("write_%d", i), StepOptions{}, 2, func(ctx context.Context) (int64, error) { return each(ctx, i) })
			if err != nil {
				return nil, err
			}
			sum += value
		}
		return sum, nil
	}}
}

func TestTenWritesOnTheSidecarAreElevenWaits(t *testing.T) {
	newSidecar(t)
	var waits atomic.Int64
	workflow := writes(10, func(context.Context, int) (int64, error) { return 1, nil })
	body := workflow.Body
	workflow.Body = func(ctx context.Context, run *Run) (any, error) {
		output, err := body(ctx, run)
		waits.Store(int64(run.journal.waits))
		return output, err
	}
	output, err := Call(context.Background(), workflow, map[string]any{}, WithRunID("ten"))
	if err != nil || output != int64(10) || waits.Load() != 10 { // and one more before the end is shown
		t.Error(output, err, waits.Load())
	}
	again, err := Call(context.Background(), workflow, map[string]any{}, WithRunID("ten"))
	if err != nil || again != int64(10) {
		t.Error(again, err)
	}
	if _, err = Call(context.Background(), workflow, map[string]any{"other": true}, WithRunID("ten")); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

func TestTheSidecarMayDieInARun(t *testing.T) {
	s := newSidecar(t)
	var calls atomic.Int64
	restarted := make(chan struct{})
	workflow := writes(6, func(_ context.Context, index int) (int64, error) {
		calls.Add(1)
		if index == 2 {
			s.kill()
			go func() {
				defer close(restarted)
				time.Sleep(100 * time.Millisecond)
				s.start()
			}()
		}
		return 1, nil
	})
	output, err := Call(context.Background(), workflow, map[string]any{}, WithRunID("survivor"))
	<-restarted
	if err != nil || output != int64(6) || calls.Load() != 6 {
		t.Error(output, err, calls.Load())
	}
}

// TestCrashingProcess is no test: it is what TestARunOutlivesItsProcess starts.
func TestCrashingProcess(t *testing.T) {
	if os.Getenv("CONDUCTOR_CRASH") == "" {
		t.Skip("only started by another test")
	}
	workflow := writes(4, func(_ context.Context, index int) (int64, error) {
		if index == 2 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return 1, nil
	})
	_, _ = Call(context.Background(), workflow, map[string]any{}, WithRunID("orphan"))
	t.Fatal("it should have died")
}

func TestARunOutlivesItsProcess(t *testing.T) {
	newSidecar(t)
	child := exec.Command(os.Args[0], "-test.run=^TestCrashingProcess$")
	child.Env = append(os.Environ(), "CONDUCTOR_CRASH=1")
	if err := child.Run(); err == nil {
		t.Fatal("it did not die")
	}
	var calls atomic.Int64
	workflow := writes(4, func(_ context.Context, index int) (int64, error) {
		calls.Add(1)
		return 1, nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- Serve(ctx, []*Workflow{workflow}, nil) }()
	// The run is handed out; whoever calls it attaches.
	output, err := Call(context.Background(), workflow, map[string]any{}, WithRunID("orphan"))
	if err != nil || output != int64(4) || calls.Load() != 2 {
		t.Error(output, err, calls.Load())
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestCancellingARunFromOutside(t *testing.T) {
	s := newSidecar(t)
	begun := make(chan struct{})
	var tidied atomic.Bool
	workflow := &Workflow{Name: "cancelled", Plan: "blake3:00112233445566778899aabbccddeeff", Body: func(ctx context.Context, run *Run) (any, error) {
		_, err := task(ctx, run, "wait", StepOptions{}, 0, func(ctx context.Context) (int64, error) {
			close(begun)
			<-ctx.Done()
			return 0, ctx.Err()
		})
		return nil, run.Finally(ctx, err, func(ctx context.Context) error {
			tidied.Store(true)
			_, err := task(ctx, run, "tidy", StepOptions{}, 0, returns(1))
			return err
		})
	}}
	go func() {
		<-begun
		s.conductor("cancel", "victim")
	}()
	_, err := Call(context.Background(), workflow, map[string]any{}, WithRunID("victim"))
	if !errors.Is(err, ErrCancelled) || !tidied.Load() {
		t.Error(err, tidied.Load())
	}
}

func TestManyRunsLeaveNothingBehind(t *testing.T) {
	newSidecar(t)
	workflow := writes(2, func(context.Context, int) (int64, error) { return 1, nil })
	call := func() {
		if output, err := Call(context.Background(), workflow, map[string]any{}); err != nil || output != int64(2) {
			t.Error(output, err)
		}
	}
	call()
	settle := leaks(t)
	var group sync.WaitGroup
	for range 20 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range manyRuns(t) / 20 {
				call()
			}
		}()
	}
	group.Wait()
	settle()
}

// manyRuns is how many runs may leave nothing behind: 1,000, or what CONDUCTOR_RUNS says.
func manyRuns(t *testing.T) int {
	t.Helper()
	given := os.Getenv("CONDUCTOR_RUNS")
	if given == "" {
		return 1000
	}
	count, err := strconv.Atoi(given)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// heap is what is in use after two collections: what the first one frees may hold more.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// leaks compares goroutines, open files and memory with those of now.
func leaks(t *testing.T) (settle func()) {
	t.Helper()
	goroutines, files, memory := runtime.NumGoroutine(), openFiles(t), heap()
	return func() {
		t.Helper()
		ends := time.Now().Add(5 * time.Second)
		for runtime.NumGoroutine() > goroutines && time.Now().Before(ends) {
			time.Sleep(10 * time.Millisecond)
		}
		if now := runtime.NumGoroutine(); now > goroutines {
			stacks := make([]byte, 1<<16)
			t.Errorf("%d goroutines became %d\n%s", goroutines, now, stacks[:runtime.Stack(stacks, true)])
		}
		if now := openFiles(t); now > files {
			t.Errorf("%d open files became %d", files, now)
		}
		if now := heap(); now > memory+1<<20 {
			t.Errorf("%d bytes in use became %d", memory, now)
		}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestALargeResultIsKept(t *testing.T) {
	newSidecar(t)
	text := strings.Repeat("é", 1<<20)
	workflow := &Workflow{Name: "large", Plan: "blake3:00112233445566778899aabbccddeeff", Body: func(ctx context.Context, run *Run) (any, error) {
		step := run.Step("make", StepOptions{Effect: Read})
		for step.NextAttempt(ctx) {
			value, err := Attempt(ctx, step, func(context.Context) (string, error) { return text, nil })
			if err != nil {
				step.Fail(err)
				continue
			}
			Succeed(step, value, (*cel.Encoder).String)
		}
		value, err := Output(step, (*cel.Decoder).String)
		if err != nil {
			return nil, err
		}
		tooLarge := run.Step("too_large", StepOptions{Effect: Read})
		for tooLarge.NextAttempt(ctx) {
			value, _ := Attempt(ctx, tooLarge, func(context.Context) (string, error) { return text + text + text, nil })
			Succeed(tooLarge, value, (*cel.Encoder).String)
		}
		if failure := run.Caught(tooLarge.Err(), "ResultError"); failure == nil {
			return nil, tooLarge.Err()
		}
		return value, nil
	}}
	if output, err := Call(context.Background(), workflow, map[string]any{}); err != nil || output != text {
		t.Error(err)
	}
}
