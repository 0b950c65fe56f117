package count

import (
	"context"
	"fmt"
)

// Count counts up to a limit.
func Count(ctx context.Context, limit int) (string, error) {
	return fmt.Sprintf("counted to %d", limit), nil
}

// Enter knows nobody.
func Enter(ctx context.Context, token string) (string, error) {
	return "", fmt.Errorf("nobody knows %s", token)
}
