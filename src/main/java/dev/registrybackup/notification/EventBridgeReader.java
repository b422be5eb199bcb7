package dev.registrybackup.notification;

/**
 * Reads the events that AWS S3 puts on the EventBridge bus, whose keys are not encoded.
 *
 * <p>Source: Amazon S3 User Guide, "EventBridge event message structure".
 */
final class EventBridgeReader {
    private static final int MAX_NAME = 60;

    private EventBridgeReader() {}

    /**
     * One object, nothing, or one problem.
     *
     * @throws UndecodableEventException if it is not an event of S3
     */
    static Notification read(JsonCursor event) {
        if (event.says("detail-type", "Object Created")) {
            return readCreated(event);
        }
        if (event.says("source", "aws.s3")) {
            return Notification.NOTHING;
        }
        throw event.unknown("it is no S3 event but \"%s\" of \"%s\""
                .formatted(name(event.part("detail-type")), name(event.part("source"))));
    }

    private static Notification readCreated(JsonCursor event) {
        try {
            return Notification.of(BucketAndKeyReader.read(event.part("detail"), false, event.part("time")));
        } catch (UnreadableRecordException e) {
            return Notification.problem(String.valueOf(e.getMessage()));
        }
    }

    private static String name(JsonCursor part) {
        return part.text().map(text -> SafeExcerpt.of(text, MAX_NAME)).orElseGet(part::kind);
    }
}
