package runtime

// Errors of services, by the names that policies and the journal have for them in every language.
// This file calls nobody.

// RemoteError says that a service answered with an error, or did not answer.
type RemoteError struct {
	// Types are its names, most specific first.
	Types   []string
	Status  string
	Message string
	// Fields say more, as plain JSON.
	Fields map[string]any
	cause  error
}

func (e *RemoteError) Error() string {
	if e.Status == "" {
		return e.Message
	}
	return e.Status + ": " + e.Message
}

// Unwrap gives why there was no answer.
func (e *RemoteError) Unwrap() error { return e.cause }

// Code is the status as text, such as `503`; empty where the service did not answer.
func (e *RemoteError) Code() string { return e.Status }

// ConductorTypes are the names of the error, most specific first.
func (e *RemoteError) ConductorTypes() []string { return e.Types }
