import json
import logging

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from app.models import User
from app.settings import settings

log = logging.getLogger("uvicorn.error")


class EventPublisher:
    """Without a broker in the settings, nothing is sent."""

    def __init__(self) -> None:
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        if settings.BOOTSTRAP_SERVER:
            self._producer = AIOKafkaProducer(bootstrap_servers=settings.BOOTSTRAP_SERVER)
            await self._producer.start()

    async def stop(self) -> None:
        if self._producer:
            await self._producer.stop()

    async def publish(self, key: str, value: bytes) -> None:
        if not self._producer:
            return
        try:
            await self._producer.send_and_wait(settings.KAFKA_USER_TOPIC, value, key=key.encode())
        except KafkaError:
            log.exception("the event of user %s is lost", key)


def user_registered(user: User) -> bytes:
    return json.dumps({
        "type": "user.registered", "id": str(user.id), "username": user.username, "email": user.email,
        "created_at": user.created_at.isoformat()}).encode()


publisher = EventPublisher()
