package dev.registrybackup.concurrent;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until a test moves it. */
public final class SettableClock extends Clock {
    /** What it shows at first. */
    public static final Instant START = Instant.parse("2026-03-04T05:06:07Z");

    private final AtomicLong elapsedMillis = new AtomicLong();

    /** Moves it, backwards too. */
    public void advance(Duration time) {
        elapsedMillis.addAndGet(time.toMillis());
    }

    @Override
    public Instant instant() {
        return START.plusMillis(elapsedMillis.get());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
