package dev.registrybackup.notification;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Reads an object's key. Stricter than {@link java.net.URLDecoder}, which silently replaces invalid UTF-8 and so would
 * return the key of another object.
 */
final class KeyReader {
    private static final int MAX_EXCERPT_LENGTH = 190;
    /** In bytes of UTF-8: Amazon S3 User Guide, "Naming Amazon S3 objects". No store has longer ones. */
    private static final int MAX_KEY_BYTES = 1_024;

    private KeyReader() {}

    /**
     * Returns the decoded key.
     *
     * @param formEncoded whether it is encoded like a field of an HTML form: {@code +} for a space, {@code %2F} for a
     *     slash
     * @throws UndecodableEventException if there is no key, it is too long, or its encoding is invalid
     */
    static String read(JsonCursor key, boolean formEncoded) {
        String written = key.requiredText();
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(written));
            String read = formEncoded ? decode(bytes) : written;
            int length = read.getBytes(StandardCharsets.UTF_8).length;
            if (length > MAX_KEY_BYTES) {
                throw key.unreadable("it has %d bytes, but an S3 key has at most %d (\"%s\")"
                        .formatted(length, MAX_KEY_BYTES, SafeExcerpt.of(read, MAX_EXCERPT_LENGTH)));
            }
            return read;
        } catch (CharacterCodingException | NumberFormatException e) {
            throw key.unreadable((formEncoded ? "it is not form-encoded UTF-8" : "it is not Unicode text")
                    + " (\"%s\")".formatted(SafeExcerpt.of(written, MAX_EXCERPT_LENGTH)));
        }
    }

    private static String decode(ByteBuffer written) throws CharacterCodingException {
        ByteBuffer decoded = ByteBuffer.allocate(written.remaining());
        while (written.hasRemaining()) {
            byte next = written.get();
            decoded.put(
                    switch (next) {
                        case '+' -> (byte) ' ';
                        case '%' -> (byte) ((hexDigit(written) << 4) | hexDigit(written));
                        default -> next;
                    });
        }
        return StandardCharsets.UTF_8.newDecoder().decode(decoded.flip()).toString();
    }

    private static int hexDigit(ByteBuffer written) {
        if (!written.hasRemaining()) {
            throw new NumberFormatException("An escape ends early");
        }
        return HexFormat.fromHexDigit(written.get());
    }
}
