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
 * @param replicating takes events in the replicate role; empty in the other
 * @param recording takes events in the dead-letter role; empty in the other
 * @param capturing takes events about ImageStreams in the capture role; empty in the others
 * @param scheduled whether events start operations
 * @param rejectionRecorder puts on record what will never succeed
 * @param owed how many keys this instance holds as owed
 */
public record Service(
        Optional<NotificationHandler> replicating,
        Optional<DeadLetterHandler> recording,
        Optional<ImageStreamEventHandler> capturing,
        boolean scheduled,
        RejectionRecorder rejectionRecorder,
        IntSupplier owed) {
    public boolean takesEvents() {
        return replicating.isPresent() || recording.isPresent() || capturing.isPresent() || scheduled;
    }

    public NotificationHandler intake() {
        return replicating.orElseThrow(() -> new IllegalStateException("This process has not the replicate role"));
    }

    public DeadLetterHandler deadLetters() {
        return recording.orElseThrow(() -> new IllegalStateException("This process has not the dead-letter role"));
    }

    public ImageStreamEventHandler hints() {
        return capturing.orElseThrow(() -> new IllegalStateException("This process has not the capture role"));
    }

    public int inFlight() {
        return replicating.map(NotificationHandler::inFlight).orElse(0);
    }
}
