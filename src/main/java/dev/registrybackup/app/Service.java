package dev.registrybackup.app;

import dev.registrybackup.app.events.ImageStreamEventHandler;
import dev.registrybackup.replication.DeadLetterHandler;
import dev.registrybackup.replication.NotificationHandler;
import dev.registrybackup.replication.RejectionRecorder;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * The wired parts that HTTP and events need.
 *
 * @param notificationHandler handles events in the role replicate; empty in others
 * @param deadLetterHandler handles events in the role dead-letter; empty in others
 * @param imageStreamHandler handles events about ImageStreams in the role capture; empty in others
 * @param scheduled whether events start operations
 * @param rejectionRecorder records events that can never succeed
 * @param pendingKeys how many pending keys this instance has
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

    public int keysInFlight() {
        return notificationHandler.map(NotificationHandler::keysInFlight).orElse(0);
    }
}
