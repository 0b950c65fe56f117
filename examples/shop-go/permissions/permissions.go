// Package permissions knows what a customer may do.
package permissions

import (
	"fmt"

	"example.com/shop/users"
)

// Permissions says whether the customer may order, and up to which amount.
type Permissions struct {
	MayOrder bool  `json:"may_order"`
	Limit    int32 `json:"limit"`
}

// Denied says that the customer may not order.
type Denied struct{ Name string }

func (e *Denied) Error() string { return fmt.Sprintf("%s may not order", e.Name) }

// Check says what the customer may order, or refuses.
func Check(user users.User) (Permissions, error) {
	if user.Blocked {
		return Permissions{}, &Denied{Name: user.Name}
	}
	limit := int32(1_000)
	if user.Tier == users.Gold {
		limit = 10_000
	}
	return Permissions{MayOrder: true, Limit: limit}, nil
}
