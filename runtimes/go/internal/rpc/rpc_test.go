package rpc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"conductor.invalid/internal/cel"
	"conductor.invalid/internal/runtime"
)

// schemaText is proto2, which has defaults, groups and presence everywhere.
const schemaText = `
name: "t.proto" package: "t" syntax: "proto2"
dependency: "google/protobuf/timestamp.proto" dependency: "google/protobuf/duration.proto"
dependency: "google/protobuf/struct.proto" dependency: "google/protobuf/any.proto"
enum_type { name: "Color" value { name: "RED" number: 0 } value { name: "CRIMSON" number: 0 } value { name: "BLUE" number: 3 } options { allow_alias: true } }
message_type { name: "All"
  field { name: "count" number: 1 label: LABEL_OPTIONAL type: TYPE_SINT64 default_value: "7" }
  field { name: "plain" number: 2 label: LABEL_OPTIONAL type: TYPE_FIXED32 }
  field { name: "ratio" number: 3 label: LABEL_OPTIONAL type: TYPE_FLOAT }
  field { name: "color" number: 4 label: LABEL_REPEATED type: TYPE_ENUM type_name: ".t.Color" }
  field { name: "at" number: 5 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" }
  field { name: "span" number: 6 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" }
  field { name: "free" number: 7 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Value" }
  field { name: "many" number: 8 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".google.protobuf.Value" }
  field { name: "deep" number: 9 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".t.All" }
  field { name: "none" number: 10 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".google.protobuf.NullValue" }
  field { name: "packed" number: 11 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Any" }
}`

func schema(t *testing.T) *Schema {
	t.Helper()
	var file descriptorpb.FileDescriptorProto
	if err := prototext.Unmarshal([]byte(schemaText), &file); err != nil {
		t.Fatal(err)
	}
	set := descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{&file}}
	for _, known := range []proto.Message{&timestamppb.Timestamp{}, &durationpb.Duration{}, &structpb.Struct{}, &anypb.Any{}} {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(known.ProtoReflect().Descriptor().ParentFile()))
	}
	bytes, err := proto.Marshal(&set)
	if err != nil {
		t.Fatal(err)
	}
	return NewSchema(base64.StdEncoding.EncodeToString(bytes))
}

// there and back again, over the wire's form.
func both(t *testing.T, name string, fields map[string]any) (any, error) {
	t.Helper()
	of, err := schema(t).message(name)
	if err != nil {
		t.Fatal(err)
	}
	message, err := messageOf(of, fields)
	if err != nil {
		return nil, err
	}
	bytes, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	read := dynamicpb.NewMessage(of)
	if err := proto.Unmarshal(bytes, read); err != nil {
		t.Fatal(err)
	}
	return jsonOf(read)
}

func TestValuesAreTheSameThereAndBack(t *testing.T) {
	empty := map[string]any{
		"count": int64(7), "plain": nil, "ratio": nil, "color": []any{}, "at": nil, "span": nil, "free": nil, "many": []any{},
		"deep": nil, "none": nil, "packed": nil,
	}
	with := func(changes map[string]any) map[string]any {
		made := map[string]any{}
		for name, value := range empty {
			made[name] = value
		}
		for name, value := range changes {
			made[name] = value
		}
		return made
	}
	for _, fields := range []map[string]any{
		{},
		{"count": int64(-1) << 63, "plain": int64(0), "ratio": 0.5, "color": []any{"BLUE", "RED"}},
		{"at": "0001-01-01T00:00:00+00:00", "span": "-0.5s"},
		{"at": "1969-12-31T23:59:59.999999+00:00", "span": "9223372035s"},
		{"at": "9999-12-31T23:59:59.123456789+00:00", "span": "0.000000001s"},
		{"free": map[string]any{"a": []any{nil, true, int64(1) << 53, 1.5, "x", map[string]any{}}}, "many": []any{nil, int64(1)}},
		{"ratio": "NaN", "free": "NaN"},
		{"deep": empty},
		{"packed": map[string]any{"type_url": "x/t.All", "value": "AP8="}},
	} {
		got, err := both(t, "t.All", fields)
		if err != nil || !reflect.DeepEqual(got, with(fields)) {
			t.Errorf("%v: %v, %v", fields, got, err)
		}
	}
	if got, err := both(t, "t.All", map[string]any{"color": []any{"CRIMSON"}, "free": nil}); err != nil || !reflect.DeepEqual(got, with(map[string]any{"color": []any{"RED"}})) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatFitsNoFieldIsRefused(t *testing.T) {
	deep := map[string]any{}
	for range maxDepth + 1 {
		deep = map[string]any{"deep": deep}
	}
	for want, fields := range map[string]map[string]any{
		"has no field other":      {"other": int64(1)},
		"the field t.All.plain":   {"plain": int64(1) << 32},
		"of the enum t.Color":     {"color": []any{"GREEN"}},
		"a timestamp as in ISO":   {"at": "tomorrow"},
		"expected an object":      {"deep": int64(1)},
		"expected a list":         {"many": "x"},
		"more than 100 deep":      deep,
		"expected text in UTF-8":  {"free": "\xff"},
		"expected a number":       {"ratio": "fast"},
		"expected an integer of ": {"count": json.Number("9223372036854775808")},
	} {
		_, err := both(t, "t.All", fields)
		var refused *cel.ResultError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestArgumentsAreFieldsOfTheRequestWhateverThatStandsFor(t *testing.T) {
	got, err := both(t, "google.protobuf.Timestamp", map[string]any{"seconds": int64(5), "nanos": int64(1)})
	if got != "1970-01-01T00:00:05.000000001+00:00" || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestRepliesThatNoTypeHoldsAreErrors(t *testing.T) {
	all, err := schema(t).message("t.All")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`at { seconds: 253402300800 }`, `at { seconds: -9223372036854775808 }`, `span { seconds: 9223372037 }`,
	} {
		message := dynamicpb.NewMessage(all)
		if err := prototext.Unmarshal([]byte(text), message); err != nil {
			t.Fatal(err)
		}
		if got, err := jsonOf(message); err == nil {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestDescriptorsThatAreNoneAreErrors(t *testing.T) {
	for _, text := range []string{"?", base64.StdEncoding.EncodeToString([]byte("no set")), ""} {
		if _, err := NewSchema(text).message("t.All"); err == nil {
			t.Errorf("%q is a schema", text)
		}
	}
	if _, err := schema(t).message("t.Color"); err == nil {
		t.Error("an enum is a message")
	}
}

// asking calls a server that answers so.
func asking(t *testing.T, answer func(ctx context.Context) error) func(ctx context.Context) (any, error) {
	t.Helper()
	of := schema(t)
	all, err := of.message("t.All")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		request := dynamicpb.NewMessage(all)
		if err := stream.RecvMsg(request); err != nil {
			return err
		}
		if err := answer(stream.Context()); err != nil {
			return err
		}
		return stream.SendMsg(request)
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	address := func(runtime.Env) (string, error) { return "grpc://" + listener.Addr().String(), nil }
	client := NewClient("t", nil, Options{Address: address})
	return func(ctx context.Context) (any, error) {
		conn, err := client.Get(ctx)
		if err != nil {
			return nil, err
		}
		fields := map[string]any{"plain": int64(3)}
		return Call(ctx, conn, of, Unary{Method: "/t.T/Ask", Request: "t.All", Response: "t.All", Key: "r \u00e9/k", Fields: fields})
	}
}

func TestACallSendsItsKeyAndItsTrace(t *testing.T) {
	var got metadata.MD
	ask := asking(t, func(ctx context.Context) error {
		got, _ = metadata.FromIncomingContext(ctx)
		return nil
	})
	reply, err := ask(runtime.WithTraceParent(context.Background(), "00-trace"))
	if err != nil || reply.(map[string]any)["plain"] != int64(3) {
		t.Errorf("%v, %v", reply, err)
	}
	if got["idempotency-key"][0] != "r%20%C3%A9/k" || got["traceparent"][0] != "00-trace" {
		t.Errorf("%v", got)
	}
}

func TestAFailureHasTheNameOfItsStatus(t *testing.T) {
	for code := codes.OK + 1; code <= codes.Unauthenticated+1; code++ {
		_, err := asking(t, func(context.Context) error { return status.Error(code, "no") })(context.Background())
		var remote *runtime.RemoteError
		if !errors.As(err, &remote) || remote.Message != "no" || !reflect.DeepEqual(remote.Types, []string{"GrpcError"}) {
			t.Fatalf("%s: %v", code, err)
		}
		var read codes.Code
		isKnown := read.UnmarshalJSON([]byte(`"`+remote.Code()+`"`)) == nil
		if !isKnown || (read != code && remote.Code() != "UNKNOWN") || status.Code(err) != code {
			t.Errorf("%d is %s", code, remote.Code())
		}
	}
}

func TestALimitThatTheServerSeesFirstIsTheCallers(t *testing.T) {
	at := asking(t, func(context.Context) error { return status.Error(codes.DeadlineExceeded, "too late") })
	ctx, cancel := context.WithTimeout(context.Background(), rounding)
	defer cancel()
	if _, err := at(ctx); err != context.DeadlineExceeded {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := at(ctx); status.Code(err) != codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	stopped := make(chan struct{})
	waiting := asking(t, func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		close(stopped)
		return ctx.Err()
	})
	if _, err := waiting(ctx); err != context.Canceled {
		t.Errorf("%v", err)
	}
	<-stopped
}

func TestAServerIsWaitedForUntilItServes(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	state := health.NewServer()
	state.SetServingStatus("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, state)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	address := func(runtime.Env) (string, error) { return listener.Addr().String(), nil }
	ready := runtime.Ready{Within: 200 * time.Millisecond, Check: Serving("")}
	_, err = NewClient("t", nil, Options{Address: address, Ready: ready}).Get(context.Background())
	if err == nil || !strings.Contains(err.Error(), "it was not ready within 200ms: its health check answers NOT_SERVING") {
		t.Errorf("%v", err)
	}
	time.AfterFunc(100*time.Millisecond, func() { state.SetServingStatus("", grpc_health_v1.HealthCheckResponse_SERVING) })
	ready.Within = 10 * time.Second
	if _, err := NewClient("t", nil, Options{Address: address, Ready: ready}).Get(context.Background()); err != nil {
		t.Errorf("%v", err)
	}
}

func TestCertificatesAreSoughtFromTheWorkingDirectoryUpward(t *testing.T) {
	folder := t.TempDir()
	inner := filepath.Join(folder, "a", "b")
	if err := os.MkdirAll(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ca.pem"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(inner)
	if _, err := dial("a:1", "ca.pem"); err == nil || !strings.HasSuffix(err.Error(), "ca.pem has no certificate in PEM") {
		t.Errorf("%v", err)
	}
	if _, err := dial("a:1", "other.pem"); err == nil || !strings.Contains(err.Error(), "there is no other.pem here or above") {
		t.Errorf("%v", err)
	}
}
