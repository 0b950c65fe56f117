from orders import Order
from shipping import Shipment


async def order_shipped(order: Order, shipment: Shipment, idempotency_key: str) -> None:
    print("to", order.email, "tracking", shipment.tracking_number, idempotency_key)
