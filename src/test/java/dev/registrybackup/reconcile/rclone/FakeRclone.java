package dev.registrybackup.reconcile.rclone;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** A script that stands in for rclone: it answers what a test laid down, and keeps what it was asked. */
final class FakeRclone {
    private static final String SCRIPT = """
            #!/bin/sh
            folder='%s'
            if [ "$1" = version ]; then
                cat "$folder/version"
                exit 0
            fi
            name=$1
            case "$1 $2" in "ls registry:"* | "md5sum registry:"*) name=registry ;; "ls backup:"* | "md5sum backup:"*) name=backup ;; esac
            printf '%%s\\n' "$@" > "$folder/$name.arguments"
            echo "$*" >> "$folder/commands"
            env > "$folder/environment"
            echo $$ > "$folder/$name.pid"
            [ -e "$folder/$name.keys" ] && cp "$(sed -n '/^--files-from-raw$/{n;p}' "$folder/$name.arguments")" "$folder/$name.keys"
            cat "$folder/$name.log" >&2
            cat "$folder/$name.output"
            [ -e "$folder/hangs" ] && exec sleep 600
            [ -e "$folder/dies" ] && kill -9 $$
            exit "$(cat "$folder/$name.exit")"
            """;

    private final Path folder;

    /**
     * One that lists nothing, without complaint. Answers to {@code registry} and {@code backup} are those to a listing of
     * all objects in that store, others those to the command of that name.
     */
    FakeRclone(Path folder) {
        this.folder = folder;
        version("rclone v1.60.1-DEV\n- os/version: debian 12.11 (64 bit)\n");
        List.of("registry", "backup", "lsf", "copy", "sync", "purge").forEach(command -> respond(command, 0, "", ""));
        write("rclone", SCRIPT.formatted(folder));
        try {
            Files.setPosixFilePermissions(folder.resolve("rclone"), PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String path() {
        return folder.resolve("rclone").toString();
    }

    FakeRclone version(String printed) {
        return write("version", printed);
    }

    FakeRclone respond(String command, int exit, String output, String log) {
        write(command + ".output", output);
        write(command + ".log", log);
        return write(command + ".exit", Integer.toString(exit));
    }

    /** Copies the list of keys it is given for the registry. */
    FakeRclone recordKeys() {
        return write("registry.keys", "");
    }

    /** Goes on for ever once it has answered. */
    FakeRclone hang() {
        return write("hangs", "");
    }

    /** Is killed once it has answered. */
    FakeRclone die() {
        return write("dies", "");
    }

    List<String> arguments(String command) {
        return read(command + ".arguments");
    }

    /** All it was asked, a line each. */
    List<String> commands() {
        return read("commands");
    }

    List<String> keys() {
        return read("registry.keys");
    }

    List<String> environment() {
        return read("environment");
    }

    boolean wasRun(String command) {
        return Files.exists(folder.resolve(command + ".arguments"));
    }

    boolean isAlive() {
        return Stream.of("registry", "backup")
                .anyMatch(name -> ProcessHandle.of(
                                Long.parseLong(read(name + ".pid").get(0)))
                        .isPresent());
    }

    private FakeRclone write(String name, String content) {
        try {
            Files.writeString(folder.resolve(name), content);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> read(String name) {
        try {
            return Files.readAllLines(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
