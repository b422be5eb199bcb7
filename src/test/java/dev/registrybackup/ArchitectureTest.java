package dev.registrybackup;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.resolvers.SelectedClassResolverFromClasspath;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import com.tngtech.archunit.library.Architectures;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.registry.DigestVerifier;
import dev.registrybackup.registry.VerifyingInputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** Which packages may use which, and what no package may do. */
class ArchitectureTest {
    private static final String ROOT = "dev.registrybackup.";
    private static final String TEMPLATES = "io.quarkus.qute..";
    private static final JavaClasses MAIN = main();

    private static JavaClasses main() {
        // The libraries' own classes say nothing here, and to resolve them would take ten times as long.
        ArchConfiguration.get().setClassResolver(SelectedClassResolverFromClasspath.class);
        ArchConfiguration.get().setClassResolverArguments("java", "dev.registrybackup");
        return new ClassFileImporter().importPath(Path.of("target/classes"));
    }

    /** The rooms of the house, from the ground up: each may use those before it. docs/design.md says what is in them. */
    private static final List<String> LAYERS = List.of(
            "logging",
            "registry",
            "concurrent",
            "objectstore",
            "objectstore.s3",
            "objectstore.directory",
            "notification",
            "replication.pending",
            "replication",
            "operation",
            "operation.kubernetes",
            "inventory",
            "imagestream",
            "catalog",
            "verify",
            "reconcile.rclone",
            "reconcile",
            "restore",
            "check",
            "imagestream.restore",
            "app..");

    @Test
    void importsPointDown() {
        Architectures.LayeredArchitecture layers =
                Architectures.layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String layer : LAYERS) {
            layers = layers.layer(layer).definedBy(ROOT + layer);
        }
        for (int each = 0; each < LAYERS.size() - 1; each++) {
            layers = layers.whereLayer(LAYERS.get(each))
                    .mayOnlyBeAccessedByLayers(
                            LAYERS.subList(each + 1, LAYERS.size()).toArray(String[]::new));
        }
        layers.whereLayer("app..").mayNotBeAccessedByAnyLayer().check(MAIN);
    }

    @Test
    void everyPackageIsALayer() {
        classes()
                .should()
                .resideInAnyPackage(LAYERS.stream().map(layer -> ROOT + layer).toArray(String[]::new))
                .check(MAIN);
    }

    @Test
    void oneBandwidthLimitHoldsForAllThatIsReadInBulk() {
        noClasses()
                .should(ArchConditions.callConstructorWhere(DescribedPredicate.describe(
                        "makes a bandwidth limit beside the one of Wiring.rateLimiter",
                        call -> call.getTargetOwner().isEquivalentTo(RateLimiter.class)
                                && !call.getOrigin().getFullName().endsWith("Wiring.rateLimiter()")
                                && !call.getOriginOwner().isEquivalentTo(RateLimiter.class))))
                .because("bandwidth.bytes-per-second is a limit over all objects of a process")
                .check(MAIN);
    }

    @Test
    void onlyTheAdapterKnowsTheAwsSdk() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.registrybackup.objectstore.s3")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("software.amazon.awssdk..")
                .because("the port is what everything else is written and tested against")
                .check(MAIN);
    }

    @Test
    void onlyTheEdgeKnowsTheFramework() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.registrybackup.app..")
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAnyPackage(
                                "io.quarkus..",
                                "jakarta..",
                                "io.vertx..",
                                "io.micrometer..",
                                "org.eclipse.microprofile..",
                                "io.smallrye..")
                        .and(DescribedPredicate.not(JavaClass.Predicates.resideInAPackage(TEMPLATES))))
                .because("the domain is built with plain constructors, so that its tests start without Quarkus")
                .check(MAIN);
    }

    @Test
    void onlyThePageKnowsTheTemplateEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.registrybackup.app.ui")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(TEMPLATES)
                .because("it is a library, of the framework only by its name, and one place sees to escaping")
                .check(MAIN);
    }

    @Test
    void onlyJobsImageStreamsAndAuthorizationTalkToKubernetes() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        ROOT + "operation.kubernetes", ROOT + "imagestream", ROOT + "app", ROOT + "app.auth")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.fabric8..")
                .because("events are handled without the cluster's API: the process needs no rights there")
                .check(MAIN);
    }

    @Test
    void onlyWorkerPoolsStartThreads() {
        noClasses()
                .that(outsideOf(WorkerPools.class))
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Executors.class)
                .orShould()
                .callConstructorWhere(DescribedPredicate.describe(
                        "it makes a thread", call -> call.getTargetOwner().isAssignableTo(Thread.class)))
                .because("whoever bounds, names and ends the threads has to own all of them")
                .check(MAIN);
    }

    @Test
    void nobodySleeps() {
        noClasses()
                .should()
                .callMethodWhere(calls(Thread.class, "sleep"))
                .because("a sleeping thread occupies its pool: schedule with WorkerPools")
                .check(MAIN);
    }

    @Test
    void nobodyPrints() {
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .because("what is worth saying goes to the log")
                .check(MAIN);
    }

    @Test
    void nobodyLogsThroughTheHandlersOfJava() {
        noClasses()
                .that()
                .doNotHaveSimpleName("JsonLogFormatter")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.logging..")
                .because("System.Logger is enough, and reaches whatever the edge has configured")
                .check(MAIN);
    }

    @Test
    void eachLineOfTheLogIsALogEvent() {
        noClasses()
                .that()
                .areNotAssignableTo(LogEvent.class)
                .should()
                .callMethodWhere(calls(System.Logger.class, "log"))
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("org.jboss.logging..")
                .because("one helper quotes and escapes every value")
                .check(MAIN);
    }

    @Test
    void timeAndRandomnessComeInAtOnePlace() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.registrybackup.app.Wiring")
                // Its token is a secret of one run of rclone, which no test has to know before.
                .and()
                .doNotHaveFullyQualifiedName("dev.registrybackup.reconcile.rclone.CredentialsEndpoint")
                .should()
                .callMethodWhere(calls(Clock.class, "system")
                        .or(calls(Instant.class, "now"))
                        .or(calls(UUID.class, "randomUUID"))
                        .or(calls(System.class, "currentTimeMillis")))
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(SecureRandom.class)
                .because("a test has to be able to stop the clock")
                .check(MAIN);
    }

    @Test
    void wordsAndValuesNeverChange() {
        classes()
                .that()
                .resideInAnyPackage(ROOT + "registry", ROOT + "notification")
                .and(outsideOf(DigestVerifier.class, VerifyingInputStream.class))
                .should()
                .haveOnlyFinalFields()
                .because("values are shared between threads; only a verifier belongs to one stream")
                .check(MAIN);
    }

    @Test
    void nobodySharesStaticState() {
        fields().that()
                .areStatic()
                .should()
                .beFinal()
                .because("what is static is shared by all threads and all tests")
                .check(MAIN);
        fields().that()
                .areStatic()
                .and()
                .areNotPrivate()
                .and()
                .doNotHaveModifier(JavaModifier.SYNTHETIC)
                .should()
                .haveRawType(DescribedPredicate.describe("that cannot change", type -> !isMutable(type)))
                .because("what others can reach has to stay what it was")
                .check(MAIN);
    }

    private static DescribedPredicate<JavaClass> outsideOf(Class<?>... owners) {
        return DescribedPredicate.describe(
                "are not of " + Arrays.toString(owners),
                type -> Arrays.stream(owners)
                        .noneMatch(owner -> type.getName().equals(owner.getName())
                                || type.getName().startsWith(owner.getName() + "$")));
    }

    private static DescribedPredicate<JavaMethodCall> calls(Class<?> owner, String beginning) {
        return DescribedPredicate.describe(
                owner.getSimpleName() + "." + beginning,
                call -> call.getTargetOwner().isAssignableTo(owner)
                        && call.getName().startsWith(beginning));
    }

    private static boolean isMutable(JavaClass type) {
        return type.isArray() || type.isAssignableTo(Collection.class) || type.isAssignableTo(Map.class);
    }
}
