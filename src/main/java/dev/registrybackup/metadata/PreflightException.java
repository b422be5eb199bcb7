package dev.registrybackup.metadata;

import java.util.List;
import java.util.stream.Collectors;

/** A restore was not begun, since something was not as it has to be. The message has each point and what mends it. */
public final class PreflightException extends RuntimeException {
    private static final long serialVersionUID = 1;

    PreflightException(List<Point> missing) {
        super(missing.stream()
                .map(point -> "%s: %s. Mend it with: %s".formatted(point.name(), point.found(), point.remedy()))
                .collect(Collectors.joining("\n", "Nothing was written, since this is not as it has to be:\n", "")));
    }
}
