// Package notifications writes to customers.
package notifications

import (
	"fmt"

	"example.com/shop/ledger"
	"example.com/shop/payments"
	"example.com/shop/users"
)

// SendReceipt sends the customer a receipt.
func SendReceipt(user users.User, amount payments.Cents) error {
	return ledger.Log("letters", fmt.Sprintf("%s: Dear %s, we have received your order over %d cents.", user.Email, user.Name, amount))
}
