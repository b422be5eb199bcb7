package dev.registrybackup.function;

/** Text of a caller's, as it may stand in a line of the log. */
final class LogText {
    private static final int LONGEST = 200;

    private LogText() {}

    /** In quotation marks, cut to 200 characters, with whatever could end them, or the line, written as its number. */
    static String of(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().limit(LONGEST).forEach(character -> {
            if (character < ' ' || character > '~' || character == '"' || character == '\\') {
                quoted.append("\\u%04x".formatted(character));
            } else {
                quoted.append((char) character);
            }
        });
        return quoted.append('"').toString();
    }
}
