package dev.registrybackup.reconcile.rclone;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Lists the names of the directories directly below a place. */
final class DirectoryNames {
    private final RcloneRunner rcloneRunner;
    private final CommandLine commandLine;

    DirectoryNames(RcloneRunner rcloneRunner, CommandLine commands) {
        this.rcloneRunner = rcloneRunner;
        this.commandLine = commands;
    }

    /** Tells of each name, without slash; what is told counts only if there is no problem, which is returned. */
    Optional<String> list(String place, Consumer<String> names) {
        List<String> strange = new ArrayList<>();
        Optional<String> problem = rcloneRunner.run(
                commandLine.listDirectories(place),
                line -> {
                    if (line.length() > 1 && line.endsWith("/")) {
                        names.accept(line.substring(0, line.length() - 1));
                    } else if (strange.isEmpty()) {
                        strange.add(line);
                    }
                },
                ProcessResult::problem);
        return problem.or(() ->
                strange.stream().findFirst().map(line -> "rclone printed a line that is no directory's name: " + line));
    }
}
