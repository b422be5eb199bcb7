package dev.registrybackup.app;

import dev.registrybackup.logging.LogEvent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.temporal.ChronoUnit;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.LogContext;
import org.jspecify.annotations.Nullable;

/**
 * Writes each record of the log as a JSON object on a line: {@code timestamp}, {@code level}, {@code logger}, then the
 * fields of a {@link LogEvent} each as a member, or any other text as {@code message}; last {@code stackTrace}, if
 * there is one.
 */
final class JsonLogFormatter extends ExtFormatter {
    /** Formats all later log records as JSON. */
    static void install() {
        install(LogContext.getLogContext().getLogger("").getHandlers());
    }

    private static void install(java.util.logging.Handler... handlers) {
        for (java.util.logging.Handler handler : handlers) {
            handler.setFormatter(new JsonLogFormatter());
            if (handler instanceof ExtHandler parent) {
                install(parent.getHandlers());
            }
        }
    }

    @Override
    public String format(ExtLogRecord logRecord) {
        String message = formatMessage(logRecord);
        StringBuilder line = new StringBuilder(256)
                .append("{\"timestamp\":")
                .append(LogEvent.quoted(
                        logRecord.getInstant().truncatedTo(ChronoUnit.MILLIS).toString()))
                .append(",\"level\":")
                .append(LogEvent.quoted(logRecord.getLevel().getName()))
                .append(",\"logger\":")
                .append(LogEvent.quoted(String.valueOf(logRecord.getLoggerName())))
                .append(',')
                .append(LogEvent.jsonMembers(message).orElseGet(() -> "\"message\":" + LogEvent.quoted(message)));
        @Nullable Throwable thrown = logRecord.getThrown();
        if (thrown != null) {
            StringWriter stackTrace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(stackTrace));
            line.append(",\"stackTrace\":").append(LogEvent.quoted(stackTrace.toString()));
        }
        return line.append("}\n").toString();
    }
}
