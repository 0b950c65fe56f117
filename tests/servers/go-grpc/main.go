// A gRPC server of any schema: it compiles a .proto when it starts, offers what is in it by reflection, and answers
// each method from the fields of its request. Nothing of it is generated, so that a test can change the schema.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bufbuild/protocompile"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

var (
	schema  = flag.String("proto", "", "the .proto file; imports are found beside it")
	listen  = flag.String("listen", "127.0.0.1:0", "the address")
	reflect = flag.String("reflection", "both", "v1, v1alpha, both or none")
	name    = flag.String("tls", "", "speak TLS, with a certificate for this name or address")
	ca      = flag.String("ca", "", "where the certificate is written, in PEM")
)

// calls counts what a key has asked for, so that a method can fail a number of times and then not.
type calls struct {
	mu   sync.Mutex
	seen map[string]int64
}

func (c *calls) next(key string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[key]++
	return c.seen[key]
}

func main() {
	flag.Parse()
	files, err := compile(*schema)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	options := []grpc.ServerOption{}
	if *name != "" {
		pair, err := certificate(*name, *ca)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	}
	server := grpc.NewServer(options...)
	seen := &calls{seen: map[string]int64{}}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			server.RegisterService(describe(service, file.Path(), seen), nil)
		}
		return true
	})
	healthpb.RegisterHealthServer(server, health.NewServer())
	offer(server, files)
	fmt.Printf("listening on %s\n", listener.Addr())
	_ = os.Stdout.Sync()
	log.Fatal(server.Serve(listener))
}

// certificate makes one for the server, and writes that of the authority which vouches for it.
func certificate(name, path string) (tls.Certificate, error) {
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "an authority of the tests"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    root.NotBefore,
		NotAfter:     root.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if address := net.ParseIP(name); address != nil {
		leaf.IPAddresses = []net.IP{address}
	} else {
		leaf.DNSNames = []string{name}
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, rootKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, os.WriteFile(path, text, 0o600)
}

func compile(path string) (*protoregistry.Files, error) {
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{filepath.Dir(path)}}),
	}
	compiled, err := compiler.Compile(context.Background(), filepath.Base(path))
	if err != nil {
		return nil, err
	}
	files := &protoregistry.Files{}
	var add func(file protoreflect.FileDescriptor) error
	add = func(file protoreflect.FileDescriptor) error {
		if _, err := files.FindFileByPath(file.Path()); err == nil {
			return nil
		}
		imports := file.Imports()
		for i := range imports.Len() {
			if err := add(imports.Get(i).FileDescriptor); err != nil {
				return err
			}
		}
		plain, err := protodesc.NewFile(protodesc.ToFileDescriptorProto(file), files)
		if err != nil {
			return err
		}
		return files.RegisterFile(plain)
	}
	for _, file := range compiled {
		if err := add(file); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// resolver finds what the schema holds, and then what the server itself is made of.
type resolver struct{ files *protoregistry.Files }

func (r resolver) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if found, err := r.files.FindFileByPath(path); err == nil {
		return found, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

func (r resolver) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if found, err := r.files.FindDescriptorByName(name); err == nil {
		return found, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}

func offer(server *grpc.Server, files *protoregistry.Files) {
	with := reflection.ServerOptions{Services: server, DescriptorResolver: resolver{files}}
	if *reflect == "v1" || *reflect == "both" {
		reflectionv1.RegisterServerReflectionServer(server, reflection.NewServerV1(with))
	}
	if *reflect == "v1alpha" || *reflect == "both" {
		reflectionv1alpha.RegisterServerReflectionServer(server, reflection.NewServer(with))
	}
}

func describe(service protoreflect.ServiceDescriptor, path string, seen *calls) *grpc.ServiceDesc {
	desc := &grpc.ServiceDesc{ServiceName: string(service.FullName()), HandlerType: (*any)(nil), Metadata: path}
	methods := service.Methods()
	for i := range methods.Len() {
		method := methods.Get(i)
		if method.IsStreamingClient() || method.IsStreamingServer() {
			desc.Streams = append(desc.Streams, grpc.StreamDesc{
				StreamName:    string(method.Name()),
				ServerStreams: method.IsStreamingServer(),
				ClientStreams: method.IsStreamingClient(),
				Handler: func(any, grpc.ServerStream) error {
					return status.Error(codes.Unimplemented, "no stream is served")
				},
			})
			continue
		}
		desc.Methods = append(desc.Methods, grpc.MethodDesc{
			MethodName: string(method.Name()),
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				request := dynamicpb.NewMessage(method.Input())
				if err := decode(request); err != nil {
					return nil, err
				}
				return answer(ctx, method, request, seen)
			},
		})
	}
	return desc
}

// answer copies every field that request and response have in common. Fields of these names mean more: `fail_code`
// and `fail_times` (fail so often for this user_id), `wait_ms` (answer after that), `calls`, `metadata_key`.
func answer(ctx context.Context, method protoreflect.MethodDescriptor, request *dynamicpb.Message, seen *calls) (proto.Message, error) {
	field := func(name string) protoreflect.Value {
		if found := method.Input().Fields().ByName(protoreflect.Name(name)); found != nil {
			return request.Get(found)
		}
		return protoreflect.Value{}
	}
	count := seen.next(fmt.Sprintf("%s %v", method.FullName(), field("user_id")))
	if wait := field("wait_ms"); wait.IsValid() && wait.Int() > 0 {
		select {
		case <-time.After(time.Duration(wait.Int()) * time.Millisecond):
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	if code := field("fail_code"); code.IsValid() && code.String() != "" && count <= field("fail_times").Int() {
		var parsed codes.Code
		if err := parsed.UnmarshalJSON([]byte(fmt.Sprintf("%q", code.String()))); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		return nil, status.Errorf(parsed, "failed on purpose, for the %d. time", count)
	}
	response := dynamicpb.NewMessage(method.Output())
	fields := method.Output().Fields()
	for i := range fields.Len() {
		target := fields.Get(i)
		switch source := method.Input().Fields().ByName(target.Name()); {
		case target.Name() == "calls":
			response.Set(target, protoreflect.ValueOfInt64(count))
		case target.Name() == "allowed":
			response.Set(target, protoreflect.ValueOfBool(true))
		case target.Name() == "metadata":
			pairs, _ := metadata.FromIncomingContext(ctx)
			entries := response.Mutable(target).Map()
			for name, values := range pairs {
				entries.Set(protoreflect.ValueOfString(name).MapKey(), protoreflect.ValueOfString(strings.Join(values, ",")))
			}
		case source != nil && source.Kind() == target.Kind() && source.Cardinality() == target.Cardinality() && request.Has(source):
			response.Set(target, request.Get(source))
		}
	}
	return response, nil
}
