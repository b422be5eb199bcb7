package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** How events are answered. */
@ConfigMapping(prefix = "events")
public interface EventsConfiguration {
    /** How long an answer may take, from the event's arrival; at least 3 s. RGW gives up waiting after 10 s. */
    @WithDefault("8s")
    Duration answerWithin();

    /** How many registry keys may be in flight at once; more are recorded as owed without being begun. */
    @WithDefault("2048")
    int maxInFlight();

    /** The header that `events.webhook-secret` is looked for in. */
    @WithDefault("Authorization")
    String webhookHeader();

    /** The whole value of that header, such as `Bearer …`, without which nothing is taken at `/notification`. CloudEvents at `/` come through a Broker, and are not asked. */
    Optional<String> webhookSecret();
}
