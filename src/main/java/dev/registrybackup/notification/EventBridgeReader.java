package dev.registrybackup.notification;

/**
 * Reads the events that AWS S3 puts on the EventBridge bus, whose keys are not encoded.
 *
 * <p>Source: Amazon S3 User Guide, "EventBridge event message structure".
 */
final class EventBridgeReader {
    private static final int MAX_EXCERPT_LENGTH = 60;

    private EventBridgeReader() {}

    /**
     * Returns one object, nothing, or one problem.
     *
     * @throws UndecodableEventException if it is not an event of S3
     */
    static Notification read(JsonCursor event) {
        if (event.hasText("detail-type", "Object Created")) {
            return readCreated(event);
        }
        if (event.hasText("source", "aws.s3")) {
            return Notification.EMPTY;
        }
        throw event.undecodable("it is not an S3 event but \"%s\" of \"%s\""
                .formatted(excerpt(event.child("detail-type")), excerpt(event.child("source"))));
    }

    private static Notification readCreated(JsonCursor event) {
        try {
            return Notification.of(BucketAndKeyReader.read(event.child("detail"), false, event.child("time")));
        } catch (UnreadableRecordException e) {
            return Notification.ofProblem(String.valueOf(e.getMessage()));
        }
    }

    private static String excerpt(JsonCursor part) {
        return part.text().map(text -> SafeExcerpt.of(text, MAX_EXCERPT_LENGTH)).orElseGet(part::typeName);
    }
}
