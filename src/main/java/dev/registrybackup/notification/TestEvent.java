package dev.registrybackup.notification;

/**
 * The event that stores send to test a new notification. It names no object. If it is refused, some stores refuse the
 * notification.
 *
 * <p>Sources: Amazon S3 User Guide, "Event message structure" ({@code s3:TestEvent} at the top); NooBaa sends the same
 * within {@code Records}, and in versions before that the bare text (noobaa-core src/util/notifications_util.js,
 * test_notifications).
 */
final class TestEvent {
    private static final String NOOBAA_TEXT = "test notification";

    private TestEvent() {}

    static boolean matches(JsonCursor part) {
        return part.hasText("Event", "s3:TestEvent")
                || NOOBAA_TEXT.equals(part.value().textValue());
    }
}
