package dev.registrybackup.app;

import dev.registrybackup.app.events.ImageStreamEventHandler;
import dev.registrybackup.replication.DeadLetterHandler;
import dev.registrybackup.replication.NotificationHandler;
import dev.registrybackup.replication.RejectionRecorder;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * The wired program, as its edge needs it.
 *
 * @param notificationHandler takes events in the replicate role; empty in the other
 * @param deadLetterHandler takes events in the dead-letter role; empty in the other
 * @param imageStreamHandler takes events about ImageStreams in the capture role; empty in the others
 * @param scheduled whether events start operations
 * @param rejectionRecorder puts on record what will never succeed
 * @param pendingKeys how many keys this instance holds as owed
 */
public record Service(
        Optional<NotificationHandler> notificationHandler,
        Optional<DeadLetterHandler> deadLetterHandler,
        Optional<ImageStreamEventHandler> imageStreamHandler,
        boolean scheduled,
        RejectionRecorder rejectionRecorder,
        IntSupplier pendingKeys) {
    public boolean takesEvents() {
        return notificationHandler.isPresent()
                || deadLetterHandler.isPresent()
                || imageStreamHandler.isPresent()
                || scheduled;
    }

    public NotificationHandler requireNotificationHandler() {
        return notificationHandler.orElseThrow(
                () -> new IllegalStateException("This process has not the replicate role"));
    }

    public DeadLetterHandler requireDeadLetterHandler() {
        return deadLetterHandler.orElseThrow(
                () -> new IllegalStateException("This process has not the dead-letter role"));
    }

    public ImageStreamEventHandler requireImageStreamHandler() {
        return imageStreamHandler.orElseThrow(() -> new IllegalStateException("This process has not the capture role"));
    }

    public int keysInFlight() {
        return notificationHandler.map(NotificationHandler::keysInFlight).orElse(0);
    }
}
