package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"example.com/app/conductorgen"
)

// service answers from the schema alone.
type service struct {
	lock   sync.Mutex
	log    []string
	failed int64
}

func (s *service) say(what string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.log = append(s.log, what)
}

func (s *service) heard() []string {
	time.Sleep(50 * time.Millisecond)
	s.lock.Lock()
	defer s.lock.Unlock()
	log := s.log
	s.log, s.failed = nil, 0
	return log
}

// fail fails so many times with the code, each after some time; then it says what it has seen.
func (s *service) fail(ctx context.Context, request, seen *dynamicpb.Message) (any, error) {
	given := func(name protoreflect.Name) protoreflect.Value {
		return request.Get(request.Descriptor().Fields().ByName(name))
	}
	meta, _ := metadata.FromIncomingContext(ctx)
	code := given("code").String()
	s.say(code + " " + meta["idempotency-key"][0])
	select {
	case <-time.After(time.Duration(given("seconds").Float() * float64(time.Second))):
	case <-ctx.Done():
		s.say("cancelled")
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.failed < given("times").Int() {
		s.failed++
		var known codes.Code
		if err := known.UnmarshalJSON([]byte(`"` + code + `"`)); err != nil {
			return nil, err
		}
		return nil, status.Errorf(known, "failure %d", s.failed)
	}
	set := func(name protoreflect.Name, value any) {
		seen.Set(seen.Descriptor().Fields().ByName(name), protoreflect.ValueOf(value))
	}
	set("key", meta["idempotency-key"][0])
	if at, ok := ctx.Deadline(); ok {
		set("seconds", time.Until(at).Seconds())
	}
	set("role", protoreflect.EnumNumber(1))
	if code == "ROLE" {
		set("role", protoreflect.EnumNumber(7))
	}
	return seen, nil
}

func (s *service) answer(ctx context.Context, name protoreflect.Name, request, reply *dynamicpb.Message) (any, error) {
	switch name {
	case "Echo":
		return request, nil
	case "Fail":
		return s.fail(ctx, request, reply)
	}
	s.say("touch")
	return reply, nil
}

func serve(s *service) (*grpc.Server, string) {
	text, err := os.ReadFile("schema.b64")
	must(err)
	bytes, err := base64.StdEncoding.DecodeString(string(text))
	must(err)
	var set descriptorpb.FileDescriptorSet
	must(proto.Unmarshal(bytes, &set))
	files, err := protodesc.NewFiles(&set)
	must(err)
	found, err := files.FindDescriptorByName("shop.auth.v1.Auth")
	must(err)
	methods := found.(protoreflect.ServiceDescriptor).Methods()
	desc := &grpc.ServiceDesc{ServiceName: "shop.auth.v1.Auth", HandlerType: (*any)(nil)}
	for i := range methods.Len() {
		method := methods.Get(i)
		handle := func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			request := dynamicpb.NewMessage(method.Input())
			if err := decode(request); err != nil {
				return nil, err
			}
			return s.answer(ctx, method.Name(), request, dynamicpb.NewMessage(method.Output()))
		}
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: string(method.Name()), Handler: handle})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	server := grpc.NewServer()
	server.RegisterService(desc, nil)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go func() { must(server.Serve(listener)) }()
	return server, listener.Addr().String()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func pointer[T any](of T) *T { return &of }

func echo(ctx context.Context) {
	// What is not given comes back as the schema's defaults.
	inner := conductorgen.Everything{
		Raw: []byte{}, Role: conductorgen.RoleRoleUnspecified, Tags: []string{}, Items: []conductorgen.Everything{},
		Counts: map[string]int64{}, Named: map[string]conductorgen.Everything{}, Roles: map[string]conductorgen.Role{},
	}
	given := conductorgen.EchoInput{
		Text: "\u20ac", Big: -1 << 63, Small: 1<<32 - 1, Ratio: 0.1, Raw: []byte{0, 255}, Flag: true, Role: conductorgen.RoleAdmin,
		At: pointer(time.Date(2026, 1, 31, 12, 0, 0, 250001001, time.UTC)), Span: pointer(-1500 * time.Millisecond),
		Note: pointer(""), Maybe: pointer(int64(0)), Tags: []string{"a", ""}, Inner: &inner,
		Items: []conductorgen.Everything{inner, inner}, Left: pointer(""), Extra: map[string]any{"a": []any{int64(1), nil, map[string]any{"b": "c"}}, "d": 2.5},
		Anything: []any{true, "x"}, Class: "k", Huge: 1<<63 - 1, Counts: map[string]int64{"one": 1},
		Named: map[string]conductorgen.Everything{"n": inner}, Roles: map[string]conductorgen.Role{"r": conductorgen.RoleReader},
	}
	both, err := conductorgen.Echo(ctx, given)
	must(err)
	got, want := reflect.ValueOf(both.Echo), reflect.ValueOf(given)
	for i := range want.NumField() {
		name := want.Type().Field(i).Name
		if got, want := got.FieldByName(name).Interface(), want.Field(i).Interface(); !reflect.DeepEqual(got, want) {
			fmt.Printf("%s: %v, not %v\n", name, got, want)
		}
	}
	few := inner
	few.Text, few.Maybe = given.Text, given.Maybe
	fmt.Println(reflect.DeepEqual(both.Few, few), both.Few.Extra == nil)
	for _, change := range []func(*conductorgen.EchoInput){
		func(given *conductorgen.EchoInput) { given.Small = -1 },
		func(given *conductorgen.EchoInput) { given.Text = "\xff" },
		func(given *conductorgen.EchoInput) { given.Right = pointer(int64(1)) },
		func(given *conductorgen.EchoInput) { given.Role = "OTHER" },
	} {
		changed := given
		change(&changed)
		_, err := conductorgen.Echo(ctx, changed, conductorgen.WithRunID("c"))
		fmt.Println(err)
	}
}

func main() {
	ctx := context.Background()
	s := &service{}
	server, address := serve(s)
	os.Setenv("AUTH_SERVICE", address)
	echo(ctx)
	fmt.Println(s.heard())
	ask := func(code string, times int64, id string) {
		seen, err := conductorgen.Fail(ctx, conductorgen.FailInput{Code: code, Times: times}, conductorgen.WithRunID(id))
		var remote *conductorgen.RemoteError
		isRemote := errors.As(err, &remote)
		fmt.Println(seen.Key, seen.Role, seen.Seconds, err, isRemote, status.Code(errors.Unwrap(err)))
		fmt.Println(s.heard())
	}
	ask("UNAVAILABLE", 2, "r\u00e9 %1")
	ask("UNAVAILABLE", 9, "u")
	ask("NOT_FOUND", 9, "n")
	ask("DEADLINE_EXCEEDED", 1, "d")
	ask("ROLE", 0, "role")

	_, err := conductorgen.Limited(ctx, conductorgen.LimitedInput{Seconds: 5}, conductorgen.WithRunID("l"))
	fmt.Println(err, s.heard())
	seen, err := conductorgen.Limited(ctx, conductorgen.LimitedInput{})
	must(err)
	fmt.Println(*seen.Seconds > 0.1 && *seen.Seconds <= 0.3)
	seen, err = conductorgen.Around(ctx, conductorgen.AroundInput{})
	must(err)
	fmt.Println(*seen.Seconds > 0.3 && *seen.Seconds <= 0.7)
	seen, err = conductorgen.Waiting(ctx, conductorgen.WaitingInput{})
	fmt.Println(seen.Role, err)

	s.heard()
	stopped, stop := context.WithCancel(ctx)
	go func() {
		time.Sleep(100 * time.Millisecond)
		stop()
	}()
	_, err = conductorgen.Fail(stopped, conductorgen.FailInput{Seconds: 30})
	fmt.Println(errors.Is(err, context.Canceled), len(s.heard()))

	server.Stop()
	nothing, err := conductorgen.Lenient(ctx, conductorgen.LenientInput{})
	fmt.Println(nothing, err)
	must(conductorgen.Close(ctx))
	_, err = conductorgen.Waiting(ctx, conductorgen.WaitingInput{}, conductorgen.WithRunID("w"))
	fmt.Println(err != nil)
}
