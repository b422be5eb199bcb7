package dev.registrybackup.event;

/**
 * Reads the events that AWS S3 puts on the EventBridge bus, whose keys are not encoded.
 *
 * <p>Source: Amazon S3 User Guide, "EventBridge event message structure".
 */
final class BusEventReader {
    private static final int MAX_NAME = 60;

    private BusEventReader() {}

    /**
     * One object, nothing, or one problem.
     *
     * @throws UndecodableEventException if it is not an event of S3
     */
    static Notification read(PayloadPart event) {
        if (event.says("detail-type", "Object Created")) {
            return readCreated(event);
        }
        if (event.says("source", "aws.s3")) {
            return Notification.NOTHING;
        }
        throw event.unknown("it is no S3 event but \"%s\" of \"%s\""
                .formatted(name(event.part("detail-type")), name(event.part("source"))));
    }

    private static Notification readCreated(PayloadPart event) {
        try {
            return Notification.of(NoticeReader.read(event.part("detail"), false, event.part("time")));
        } catch (UnreadableRecordException e) {
            return Notification.problem(String.valueOf(e.getMessage()));
        }
    }

    private static String name(PayloadPart part) {
        return part.text().map(text -> Excerpt.of(text, MAX_NAME)).orElseGet(part::kind);
    }
}
