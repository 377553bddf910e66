"""Why a message can't be taken in, by a word each."""

from enum import StrEnum


class Unread(StrEnum):
    """The same for ever: kept with the dead letter, given by the API, counted, and in words on the screens."""

    TOPIC = "topic"  # it is no device's
    SIZE = "size"  # too many bytes, or too many elements
    JSON = "json"
    TYPE = "type"  # JSON, but not of the form that is expected
    STATUS = "status"  # neither online nor offline
    # A figure that can't be
    TIME = "time"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    SPEED = "speed"
    ACCURACY = "accuracy"
    REFUSED = "refused"  # the engine or the database took nothing of it
