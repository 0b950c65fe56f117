package rpc

// Requests: JSON as docs/types.md has it, made a message.
// This file knows no service.

import (
	"math"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"conductor.invalid/internal/cel"
)

// maxDepth is how deep messages may be nested, as in the parsers of protocol buffers.
const maxDepth = 100

// messageOf makes a message of its fields by name; what is null is left out.
func messageOf(of protoreflect.MessageDescriptor, fields map[string]any) (*dynamicpb.Message, error) {
	return cel.Decode(any(fields), func(d *cel.Decoder, value any) *dynamicpb.Message {
		message := dynamicpb.NewMessage(of)
		filling{d}.fields(message, value, maxDepth)
		return message
	})
}

// filling writes messages. The first thing that is wrong is kept; what follows does not matter.
type filling struct{ *cel.Decoder }

func (f filling) message(into protoreflect.Message, value any, room int) {
	if room == 0 {
		f.Fail("messages are nested more than %d deep", maxDepth)
		return
	}
	fields := into.Descriptor().Fields()
	switch into.Descriptor().FullName() {
	case "google.protobuf.Timestamp":
		at := f.Timestamp(value)
		into.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(at.Unix()))
		into.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(int32(at.Nanosecond())))
	case "google.protobuf.Duration":
		span := f.Duration(value)
		into.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(int64(span/time.Second)))
		into.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(int32(span%time.Second)))
	case "google.protobuf.BoolValue", "google.protobuf.Int32Value", "google.protobuf.Int64Value", "google.protobuf.UInt32Value",
		"google.protobuf.UInt64Value", "google.protobuf.FloatValue", "google.protobuf.DoubleValue", "google.protobuf.StringValue",
		"google.protobuf.BytesValue":
		into.Set(fields.ByName("value"), f.single(fields.ByName("value"), value))
	case "google.protobuf.Struct":
		f.entries(into.Mutable(fields.ByName("fields")).Map(), fields.ByName("fields"), value, room)
	case "google.protobuf.ListValue":
		f.items(into.Mutable(fields.ByName("values")).List(), fields.ByName("values"), value, room)
	case "google.protobuf.Value":
		f.value(into, value, room)
	case "google.protobuf.Empty":
	default:
		f.fields(into, value, room)
	}
}

// fields writes them in the order of the schema, so that the message does not depend on that of a map.
func (f filling) fields(into protoreflect.Message, value any, room int) {
	given := f.Object(value)
	of := into.Descriptor()
	known := 0
	for i := range of.Fields().Len() {
		field := of.Fields().Get(i)
		value, isGiven := given[string(field.Name())]
		if !isGiven {
			continue
		}
		known++
		if value == nil {
			continue
		}
		if oneof := field.ContainingOneof(); oneof != nil && into.WhichOneof(oneof) != nil {
			f.Fail("the message %s has %s or %s, not both", of.FullName(), into.WhichOneof(oneof).Name(), field.Name())
			return
		}
		switch {
		case field.IsMap():
			f.entries(into.Mutable(field).Map(), field, value, room)
		case field.IsList():
			f.items(into.Mutable(field).List(), field, value, room)
		case field.Message() != nil:
			f.message(into.Mutable(field).Message(), value, room-1)
		default:
			into.Set(field, f.single(field, value))
		}
	}
	if known == len(given) {
		return
	}
	for name := range given {
		if of.Fields().ByName(protoreflect.Name(name)) == nil {
			f.Fail("the message %s has no field %s", of.FullName(), name)
		}
	}
}

func (f filling) entries(into protoreflect.Map, field protoreflect.FieldDescriptor, value any, room int) {
	of := field.MapValue()
	for name, item := range f.Object(value) {
		key := protoreflect.ValueOfString(f.utf8(name)).MapKey()
		if of.Message() == nil {
			into.Set(key, f.single(of, item))
			continue
		}
		entry := into.NewValue()
		f.message(entry.Message(), item, room-1)
		into.Set(key, entry)
	}
}

func (f filling) items(into protoreflect.List, field protoreflect.FieldDescriptor, value any, room int) {
	for _, item := range f.List(value) {
		if field.Message() == nil {
			into.Append(f.single(field, item))
			continue
		}
		f.message(into.AppendMutable().Message(), item, room-1)
	}
}

// value writes plain JSON.
func (f filling) value(into protoreflect.Message, value any, room int) {
	kind := func(name protoreflect.Name) protoreflect.FieldDescriptor {
		return into.Descriptor().Fields().ByName(name)
	}
	switch known := value.(type) {
	case nil:
		into.Set(kind("null_value"), protoreflect.ValueOfEnum(0))
	case bool:
		into.Set(kind("bool_value"), protoreflect.ValueOfBool(known))
	case string:
		into.Set(kind("string_value"), protoreflect.ValueOfString(f.utf8(known)))
	case map[string]any:
		f.message(into.Mutable(kind("struct_value")).Message(), value, room-1)
	case []any:
		f.message(into.Mutable(kind("list_value")).Message(), value, room-1)
	default:
		into.Set(kind("number_value"), protoreflect.ValueOfFloat64(f.Float(value)))
	}
}

// single is what protobuf takes for a field that is no message.
func (f filling) single(field protoreflect.FieldDescriptor, value any) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.EnumKind:
		found := field.Enum().Values().ByName(protoreflect.Name(f.String(value)))
		if found == nil {
			f.mismatch("a value of the enum "+string(field.Enum().FullName()), value)
			return protoreflect.ValueOfEnum(0)
		}
		return protoreflect.ValueOfEnum(found.Number())
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(f.Bool(value))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(f.Float(value)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(f.Float(value))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(f.Bytes(value))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(f.utf8(f.String(value)))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(f.number(field, value, math.MinInt32, math.MaxInt32)))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(f.number(field, value, 0, math.MaxUint32)))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(f.number(field, value, 0, math.MaxInt64)))
	}
	return protoreflect.ValueOfInt64(f.number(field, value, math.MinInt64, math.MaxInt64))
}

func (f filling) number(field protoreflect.FieldDescriptor, value any, low, high int64) int64 {
	number := f.Int(value)
	if number < low || number > high {
		f.mismatch("a number of the field "+string(field.FullName()), value)
	}
	return number
}

func (f filling) utf8(text string) string {
	if !utf8.ValidString(text) {
		f.Fail("expected text in UTF-8, got %.80q", text)
	}
	return text
}

func (f filling) mismatch(expected string, got any) {
	f.Fail("expected %s, got %.80s", expected, cel.JSON(got))
}
