// Command shop is the shop behind net/http: an order is a request, its id is the run's, and asking again continues
// the same run. It listens on PORT (8080).
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"example.com/shop/conductorgen"
)

type order struct {
	UserID string `json:"user_id"`
	Amount int64  `json:"amount"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("the shop has stopped", "error", err)
		os.Exit(1)
	}
}

// run answers requests until ctx ends: then new ones are refused, those that are here are answered, and at last the
// session with the sidecar ends.
func run(ctx context.Context) error {
	serving, endServing := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- conductorgen.Serve(serving) }()

	mux := http.NewServeMux()
	mux.HandleFunc("PUT /orders/{id}", placeOrder)
	server := &http.Server{Addr: ":" + cmp.Or(os.Getenv("PORT"), "8080"), Handler: mux}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()

	var err error
	select {
	case <-ctx.Done():
		err = server.Shutdown(context.WithoutCancel(ctx))
	case err = <-failed:
	}
	endServing()
	return errors.Join(err, <-served)
}

func placeOrder(w http.ResponseWriter, r *http.Request) {
	var wanted order
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	input := conductorgen.ProcessOrderWorkflowInput{UserID: wanted.UserID, Amount: wanted.Amount}
	outcome, err := conductorgen.ProcessOrderWorkflow(r.Context(), input, conductorgen.WithRunID(r.PathValue("id")))
	var failure *conductorgen.WorkflowError
	switch {
	case errors.As(err, &failure):
		http.Error(w, failure.Error(), http.StatusUnprocessableEntity)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(outcome)
	}
}
