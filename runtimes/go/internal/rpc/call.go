package rpc

// Unary calls: a request from JSON, the reply as JSON, a failure as an Error.
// This file opens no connection and decides on no retry.

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	"conductor.invalid/internal/runtime"
)

const (
	// rounding is how much earlier than the limit the service, or the library, may see it pass.
	rounding = 100 * time.Millisecond
	// kept is how late whoever set a limit may be to keep it, on a machine that is busy.
	kept = time.Second
)

// Unary is a call of a method.
type Unary struct {
	// Method is `/package.Service/Method`.
	Method string
	// Request and Response are the full names of its messages.
	Request, Response string
	// Key is the idempotency key.
	Key string
	// Fields are those of the request, as JSON.
	Fields map[string]any
}

// Error says that a call failed. Its Code is the name of the status, such as `UNAVAILABLE`; status.FromError knows it.
type Error struct {
	*runtime.RemoteError
	status *status.Status
}

// Unwrap gives the error as services of every kind have it.
func (e *Error) Unwrap() error { return e.RemoteError }

// GRPCStatus is the status that the service answered with.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// Call calls a method, and gives its reply as JSON. The nearest time limit is the call's deadline.
func Call(ctx context.Context, conn *grpc.ClientConn, schema *Schema, call Unary) (any, error) {
	given, err := schema.message(call.Request)
	if err != nil {
		return nil, err
	}
	answered, err := schema.message(call.Response)
	if err != nil {
		return nil, err
	}
	request, err := messageOf(given, call.Fields)
	if err != nil {
		return nil, err
	}
	pairs := []string{"idempotency-key", runtime.HeaderKey(call.Key)}
	if trace := runtime.TraceParent(ctx); trace != "" {
		pairs = append(pairs, "traceparent", trace)
	}
	reply := dynamicpb.NewMessage(answered)
	if err := conn.Invoke(metadata.AppendToOutgoingContext(ctx, pairs...), call.Method, request, reply); err != nil {
		return nil, failure(ctx, status.Convert(err))
	}
	return jsonOf(reply)
}

// failure is that of a call; the context's own error where that has ended the call.
func failure(ctx context.Context, of *status.Status) error {
	if of.Code() == codes.DeadlineExceeded {
		untilOver(ctx)
	}
	if err := ctx.Err(); err != nil && (of.Code() == codes.DeadlineExceeded || of.Code() == codes.Canceled) {
		return err
	}
	remote := &runtime.RemoteError{Types: []string{"GrpcError"}, Status: nameOf(of.Code()), Message: of.Message()}
	return &Error{remote, of}
}

// untilOver waits where the limit is the caller's, who ends the attempt in this moment and knows what that means for a
// write.
func untilOver(ctx context.Context) {
	at, isLimited := ctx.Deadline()
	if !isLimited || time.Until(at) > rounding {
		return
	}
	timer := time.NewTimer(rounding + kept)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

var names = map[codes.Code]string{
	codes.OK: "OK", codes.Canceled: "CANCELLED", codes.InvalidArgument: "INVALID_ARGUMENT",
	codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
	codes.PermissionDenied: "PERMISSION_DENIED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED", codes.OutOfRange: "OUT_OF_RANGE",
	codes.Unimplemented: "UNIMPLEMENTED", codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE",
	codes.DataLoss: "DATA_LOSS", codes.Unauthenticated: "UNAUTHENTICATED",
}

// nameOf is the status as gRPC's documentation and every other language write it.
func nameOf(code codes.Code) string {
	if name, ok := names[code]; ok {
		return name
	}
	return "UNKNOWN"
}
