package dev.registrybackup.lab;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Decides about tests that carry {@link RequiresRealStack}. */
final class RealStack implements ExecutionCondition {

    static final List<String> PROGRAMS = List.of(
            "radosgw",
            "radosgw-admin",
            "ceph",
            "ceph-mon",
            "ceph-osd",
            "ceph-authtool",
            "monmaptool",
            "docker-registry",
            "skopeo",
            "rclone");

    private static final AtomicBoolean SAID = new AtomicBoolean();

    private final Map<String, String> environment;

    /** For JUnit. */
    RealStack() {
        this(System.getenv());
    }

    RealStack(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        ConditionEvaluationResult result = decide(programs(context));
        if (result.isDisabled() && !SAID.getAndSet(true)) {
            System.out.println(
                    "Tests of the real stack are skipped. " + result.getReason().orElse(""));
        }
        return result;
    }

    private static List<String> programs(ExtensionContext context) {
        return AnnotationSupport.findAnnotation(context.getElement(), RequiresRealStack.class)
                .map(required -> List.of(required.value()))
                .filter(named -> !named.isEmpty())
                .orElse(PROGRAMS);
    }

    ConditionEvaluationResult decide() {
        return decide(PROGRAMS);
    }

    ConditionEvaluationResult decide(List<String> programs) {
        List<String> missing = missing(programs);
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("The real stack is here");
        }
        String reason = "Not on the PATH: " + String.join(", ", missing);
        if ("required".equals(environment.get("REAL_STACK"))) {
            throw new IllegalStateException("REAL_STACK is required. " + reason);
        }
        return ConditionEvaluationResult.disabled(reason);
    }

    private List<String> missing(List<String> programs) {
        List<Path> folders = Arrays.stream(environment.getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .filter(folder -> !folder.isEmpty())
                .map(Path::of)
                .toList();
        return programs.stream()
                .filter(program -> folders.stream().noneMatch(folder -> Files.isExecutable(folder.resolve(program))))
                .toList();
    }
}
