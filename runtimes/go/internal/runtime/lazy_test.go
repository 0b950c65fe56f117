package runtime

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
)

func TestNobodyListensToALazyContext(t *testing.T) {
	type key struct{}
	inner := &lazy{parent: context.WithValue(context.Background(), key{}, 7), deadline: time.Now().Add(time.Hour)}
	if inner.Err() != nil || inner.Value(key{}) != 7 || inner.standard != nil {
		t.Error("nothing is made for who does not listen")
	}
	inner.stop(errDecided)
	if inner.standard != nil {
		t.Error("nor where it is cancelled")
	}
	if !errors.Is(inner.Err(), context.Canceled) || context.Cause(inner) != errDecided {
		t.Error(inner.Err(), context.Cause(inner))
	}
	<-inner.Done()
}

func TestALazyContextIsOverAtItsDeadline(t *testing.T) {
	at := time.Now().Add(5 * time.Millisecond)
	quiet, listened := &lazy{parent: context.Background(), deadline: at}, &lazy{parent: context.Background(), deadline: at}
	if found, ok := quiet.Deadline(); !ok || !found.Equal(at) {
		t.Error(found, ok)
	}
	<-listened.Done()
	for _, each := range []*lazy{listened, quiet} {
		if each.Err() != context.DeadlineExceeded || context.Cause(each) != context.DeadlineExceeded {
			t.Error(each.Err(), context.Cause(each))
		}
		// What it was, it stays.
		each.stop(errDecided)
		if each.Err() != context.DeadlineExceeded {
			t.Error(each.Err())
		}
	}
}

func TestALazyContextEndsWithItsParent(t *testing.T) {
	parent, cancel := context.WithCancelCause(context.Background())
	quiet, listened := &lazy{parent: parent}, &lazy{parent: parent, deadline: time.Now().Add(time.Hour)}
	done := listened.Done()
	cancel(errDetached)
	<-done
	for _, each := range []*lazy{quiet, listened} {
		if !errors.Is(each.Err(), context.Canceled) || context.Cause(each) != errDetached {
			t.Error(each.Err(), context.Cause(each))
		}
	}
	earlier, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	at, _ := earlier.Deadline()
	if found, _ := (&lazy{parent: earlier, deadline: time.Now().Add(time.Hour)}).Deadline(); !found.Equal(at) {
		t.Error("the parent's deadline is earlier", found, at)
	}
}

func TestChildrenOfALazyContextTakeNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	inner := &lazy{parent: context.Background(), deadline: time.Now().Add(time.Hour)}
	children := make([]context.Context, 100)
	for i := range children {
		child, cancel := context.WithCancel(inner)
		defer cancel()
		children[i] = child
	}
	if after := runtime.NumGoroutine(); after > before+10 {
		t.Errorf("%d goroutines more", after-before)
	}
	inner.stop(errDecided)
	for _, child := range children {
		<-child.Done()
		if context.Cause(child) != errDecided {
			t.Fatal(context.Cause(child))
		}
	}
}

func TestManyListenToALazyContextAtOnce(t *testing.T) {
	inner := &lazy{parent: context.Background(), deadline: time.Now().Add(time.Millisecond)}
	ends := make(chan error)
	for range 50 {
		go func() {
			for inner.Err() == nil {
				runtime.Gosched()
			}
			<-inner.Done()
			ends <- inner.Err()
		}()
	}
	for range 50 {
		if err := <-ends; err != context.DeadlineExceeded {
			t.Fatal(err)
		}
	}
}
