// Package rpc calls methods of gRPC services whose messages it knows by their descriptors.
// It is only there where a workflow needs gRPC: nothing else imports the packages of google.golang.org.
package rpc

import (
	"encoding/base64"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"conductor.invalid/internal/cel"
)

// Schema is the messages of one server, read when the first of them is asked for. It has a registry of its own: the
// program may have generated packages for the same files.
type Schema struct {
	files func() (*protoregistry.Files, error)
}

// NewSchema takes a serialized FileDescriptorSet in base64.
func NewSchema(descriptors string) *Schema {
	return &Schema{sync.OnceValues(func() (*protoregistry.Files, error) {
		text, err := base64.StdEncoding.DecodeString(descriptors)
		if err != nil {
			return nil, err
		}
		var set descriptorpb.FileDescriptorSet
		if err := proto.Unmarshal(text, &set); err != nil {
			return nil, err
		}
		return protodesc.NewFiles(&set)
	})}
}

// message is what a message looks like.
func (s *Schema) message(name string) (protoreflect.MessageDescriptor, error) {
	files, err := s.files()
	if err != nil {
		return nil, cel.NewResultError("the descriptors of the service cannot be read: %s", err)
	}
	found, err := files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil, cel.NewResultError("the descriptors of the service have no message %s", name)
	}
	message, ok := found.(protoreflect.MessageDescriptor)
	if !ok {
		return nil, cel.NewResultError("%s is no message", name)
	}
	return message, nil
}
