"""Our MQTT broker, the same at every size: the NATS server, its configuration, its users, and its process."""

from ingest.broker.embedded import EmbeddedBroker as EmbeddedBroker
