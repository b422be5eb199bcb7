package dev.registrybackup.notification;

/** A bounded excerpt of foreign text that is safe in one log line. */
final class SafeExcerpt {
    private SafeExcerpt() {}

    /** The text, or its beginning and an ellipsis; invisible characters become question marks. */
    static String of(String text, int maxLength) {
        // A line break in a key could otherwise forge a line of the log.
        return truncate(text, maxLength).replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", "?");
    }

    private static String truncate(String text, int maxLength) {
        if (text.length() <= maxLength) {
            return text;
        }
        int end = maxLength - 1;
        boolean splitsPair = Character.isHighSurrogate(text.charAt(end - 1));
        return text.substring(0, splitsPair ? end - 1 : end) + "…";
    }
}
