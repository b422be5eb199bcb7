package dev.registrybackup.objectstore.directory;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a key's file is, below the root and nowhere else.
 *
 * @param root the store's directory
 * @param steps the paths from just below the root down to the file, which is the last
 */
record FilePath(Path root, List<Path> steps) {
    /** Where files are while they are written: below our own bookkeeping, since a registry trips over unknown names. */
    static final String TEMP_DIRECTORY = "registry-backup/tmp";

    /** What is no object: files being written, and what the file system keeps at the top of a volume. */
    private static final List<String> RESERVED_PATHS = List.of(TEMP_DIRECTORY, "lost+found");

    private static final int MAX_NAME_BYTES = 255;

    static FilePath of(Path root, String key) throws FileErrorException {
        Optional<String> problem = invalidKeyReason(key);
        if (problem.isPresent()) {
            throw FileErrorException.badRequest(problem.get());
        }
        return resolve(root, key);
    }

    /** The directory of files being written, which no key names. */
    static FilePath ofTempDirectory(Path root) throws FileErrorException {
        return resolve(root, TEMP_DIRECTORY);
    }

    private static FilePath resolve(Path root, String key) throws FileErrorException {
        List<Path> steps = new ArrayList<>();
        Path step = root;
        for (String segment : key.split("/", -1)) {
            step = step.resolve(toPath(segment));
            steps.add(step);
        }
        return new FilePath(root, List.copyOf(steps));
    }

    private static Path toPath(String segment) throws FileErrorException {
        try {
            return Path.of(segment);
        } catch (InvalidPathException e) {
            throw FileErrorException.badRequest(
                    "the locale of this process cannot write the name " + segment + ". Set LC_ALL to C.UTF-8");
        }
    }

    /** Why no file can have this key, or empty if one can. */
    static Optional<String> invalidKeyReason(String key) {
        for (String segment : key.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                return Optional.of("\"%s\" between slashes is not the name of a file".formatted(segment));
            }
            if (segment.indexOf('\0') >= 0) {
                return Optional.of("the name of a file has no NUL");
            }
            if (segment.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
                return Optional.of("the name of a file has at most %d bytes".formatted(MAX_NAME_BYTES));
            }
        }
        return RESERVED_PATHS.stream()
                .filter(reserved -> (key + "/").startsWith(reserved + "/"))
                .map(reserved -> "what is in " + reserved + " is no object")
                .findFirst();
    }

    static boolean isReserved(String key) {
        return RESERVED_PATHS.contains(key);
    }

    Path file() {
        return steps.get(steps.size() - 1);
    }

    /** The directory that the file is in, which may be the root. */
    Path parent() {
        return steps.size() == 1 ? root : steps.get(steps.size() - 2);
    }

    /** The directories above the file, the root not among them, from the top down. */
    List<Path> directories() {
        return steps.subList(0, steps.size() - 1);
    }
}
