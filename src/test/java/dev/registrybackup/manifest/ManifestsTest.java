package dev.registrybackup.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.manifest.Manifests.Document;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The manifests in knative/ are valid, consistent with each other, and consistent with the program. */
class ManifestsTest {
    private static final List<Document> SOURCES = Manifests.sources();
    private static final boolean CAN_RENDER = Manifests.canRender();
    private static final Set<String> WRITTEN_BY_RESTORES = Set.of(
            "imagestreams",
            "images",
            "namespaces",
            "imagestreammappings",
            "imagestreamtags",
            "imagestreamimports",
            "imagetags");
    private static final String BASE = "resources: [../../../knative/base]";

    /** A line of an overlay that lists these folders below knative/. */
    private static String components(String... folders) {
        return Stream.of(folders)
                .map(folder -> "../../../knative/" + folder)
                .collect(Collectors.joining(", ", "components: [", "]"));
    }

    private static List<Document> ofKind(List<Document> documents, String kind) {
        return documents.stream()
                .filter(document -> document.kind().equals(kind))
                .toList();
    }

    /** The content of the one of this kind. */
    private static JsonNode only(List<Document> documents, String kind) {
        List<Document> found = ofKind(documents, kind);
        assertEquals(1, found.size(), kind);
        return found.get(0).content();
    }

    /** The names of those of this kind. */
    private static Set<String> names(List<Document> documents, String kind) {
        return ofKind(documents, kind).stream().map(Document::name).collect(Collectors.toSet());
    }

    private static Stream<Document> oneOfEachKind() {
        Map<String, Document> kinds = new TreeMap<>();
        SOURCES.forEach(document ->
                kinds.putIfAbsent(document.content().path("apiVersion").asText() + " " + document.kind(), document));
        return kinds.values().stream();
    }

    private static Stream<Path> renderable() throws IOException {
        List<Path> folders = new ArrayList<>(List.of(
                Path.of("knative/base"),
                Path.of("knative/monitoring"),
                Path.of("knative/monitoring/openshift-console"),
                Path.of("knative/standby"),
                Path.of("knative/standby-openshift"),
                Path.of("knative/standby-with-tags")));
        try (Stream<Path> overlays = Files.list(Path.of("knative/overlays"))) {
            overlays.sorted().forEach(folders::add);
        }
        return folders.stream();
    }

    @Test
    void eachFieldOfADocumentExistsInItsKind() throws Exception {
        // When
        Map<String, Set<String>> unknown = new TreeMap<>();
        for (Document document : SOURCES) {
            unknown.put(document.toString(), Fields.unknown(document.content()));
        }

        // Then
        assertFalse(unknown.isEmpty());
        unknown.values().removeIf(Set::isEmpty);
        assertEquals(Map.of(), unknown);
    }

    @ParameterizedTest
    @MethodSource("oneOfEachKind")
    void aMisspeltFieldIsFoundInEachKind(Document document) throws Exception {
        // Given
        ObjectNode misspelt = document.content().deepCopy();
        JsonNode spec = misspelt.path("spec");
        (spec instanceof ObjectNode inner && !inner.isEmpty() ? inner : misspelt).put("mispelt", "x");

        // When
        Set<String> unknown = Fields.unknown(misspelt);

        // Then
        assertTrue(unknown.stream().anyMatch(path -> path.endsWith("mispelt")), () -> document + ": " + unknown);
    }

    @ParameterizedTest
    @MethodSource("renderable")
    void renderedManifestsPassTheChecksOfTheSources(Path folder) throws Exception {
        // When
        List<Document> rendered = rendered(folder);

        // Then
        assertFalse(rendered.isEmpty());
        for (Document document : rendered) {
            assertEquals(Set.of(), Fields.unknown(document.content()), document::toString);
        }
        assertEquals(List.of(), References.dangling(rendered, SOURCES));
        assertEquals(List.of(), Containers.lax(rendered));
    }

    @Test
    void everyReferenceHasItsObject() {
        assertEquals(List.of(), References.dangling(SOURCES, SOURCES));
    }

    @Test
    void everyContainerIsConfined() {
        // When
        List<String> lax = Containers.lax(SOURCES);

        // Then
        assertEquals(List.of(), lax);
        assertTrue(Containers.checked(SOURCES) >= 9, "so many pods are made from knative/");
    }

    @Test
    void everyPathAndPatchOfAKustomizationHasItsTarget() {
        // When
        List<String> missing = new ArrayList<>();
        for (Document document : SOURCES.stream().filter(Document::isKustomize).toList()) {
            Path folder = Path.of(document.origin()).resolveSibling("");
            for (String list : List.of("resources", "components")) {
                document.content().path(list).forEach(path -> {
                    if (!Files.exists(folder.resolve(path.asText()))) {
                        missing.add(document.origin() + ": " + path);
                    }
                });
            }
            document.content().path("patches").forEach(patch -> {
                if (SOURCES.stream().noneMatch(candidate -> isTarget(patch.path("target"), candidate))) {
                    missing.add(document.origin() + ": " + patch.path("target"));
                }
            });
        }

        // Then
        assertEquals(List.of(), missing);
    }

    private static boolean isTarget(JsonNode target, Document candidate) {
        return candidate.kind().matches(target.path("kind").asText())
                && (!target.has("name")
                        || candidate.name().matches(target.path("name").asText()));
    }

    @Test
    void noRightIsAWildcardAndJobsAreMadeInOneNamespaceOnly() {
        // When
        Set<String> wide = new TreeSet<>();
        for (Document document :
                SOURCES.stream().filter(one -> one.kind().endsWith("Role")).toList()) {
            document.content().path("rules").forEach(rule -> {
                boolean jobs = rule.path("resources").toString().contains("\"jobs\"");
                if (rule.toString().contains("\"*\"")
                        || (jobs && document.kind().equals("ClusterRole"))) {
                    wide.add(document + ": " + rule);
                }
            });
        }

        // Then
        assertEquals(Set.of(), wide);
    }

    @ParameterizedTest
    @MethodSource("renderable")
    void noServiceMayWriteImageStreamsImagesOrNamespaces(Path folder) throws Exception {
        // When
        List<Document> rendered = rendered(folder);

        // Then
        Set<String> writers = Rights.writersOf(rendered, WRITTEN_BY_RESTORES);
        boolean isOpenShift =
                rendered.stream().anyMatch(document -> document.name().equals("capture"));
        assertEquals(isOpenShift ? Set.of("restore-job") : Set.of(), writers);
        // Nor by a Role that is not of ours and may have any rights: this one reviews tokens.
        assertEquals(
                Set.of(),
                Rights.foreignRoles(rendered).stream()
                        .filter(role -> !role.equals("ClusterRole/system:auth-delegator"))
                        .collect(Collectors.toSet()));
    }

    @Test
    void operationsInTheServicesThemselvesTakeTheRightsOfJobs() throws Exception {
        // Given
        List<Document> rendered = overlay(
                "in-process", BASE, components("components/broker", "openshift", "components/openshift-in-process"));

        // When
        Set<String> writers = Rights.writersOf(rendered, WRITTEN_BY_RESTORES);

        // Then
        assertEquals(Set.of("restore-job", "restore"), writers);
    }

    /** And nothing more in the cluster: it is for people. */
    @Test
    void eachRoleOfCallersHasWhatThePluginTakes() {
        for (String role : List.of("viewer", "operator")) {
            // When
            Map<String, String> rules = new TreeMap<>();
            ofKind(SOURCES, "Role").stream()
                    .filter(document -> document.name().equals("registry-backup-" + role))
                    .findFirst()
                    .orElseThrow()
                    .content()
                    .path("rules")
                    .forEach(rule -> rules.put(
                            rule.at("/resources/0").asText(), rule.path("verbs") + " " + rule.path("resourceNames")));

            // Then
            assertEquals(Set.of("backups", "pods", "pods/portforward", "serviceaccounts/token"), rules.keySet());
            assertEquals("[\"get\",\"list\"] ", rules.get("pods"));
            assertEquals("[\"get\",\"create\"] ", rules.get("pods/portforward"));
            String tokens = String.valueOf(rules.get("serviceaccounts/token"));
            assertTrue(tokens.startsWith("[\"create\"] [\"registry-backup-viewer\""), tokens);
            assertEquals(role.equals("operator"), tokens.contains("registry-backup-operator"), tokens);
        }
    }

    /** Knative's reservedPaths, of releases before 1.13 too (knative/serving, pkg/apis/serving/k8s_validation.go). */
    @Test
    void noServiceMountsAPathThatKnativeReserves() {
        // Given
        Set<String> reserved = Set.of("/", "/dev", "/dev/log", "/tmp", "/var", "/var/log");

        // When
        List<String> paths = SOURCES.stream()
                .filter(document -> document.isService() || document.isKustomize())
                .flatMap(document -> Pattern.compile("mountPath\\W+(/[\\w/-]*)")
                        .matcher(document.content().toString())
                        .results()
                        .map(match -> match.group(1)))
                .toList();

        // Then
        assertTrue(paths.contains("/scratch"), paths::toString);
        assertTrue(paths.stream().noneMatch(reserved::contains), paths::toString);
    }

    /** Long enough for an outage of the backup store; short enough that new pushes do not queue long after it. */
    @Test
    void deliveryIsRetriedForAnHourWithWaitsOfFiveMinutesAtMost() {
        for (Document trigger : ofKind(SOURCES, "Trigger")) {
            // When
            JsonNode delivery = trigger.content().at("/spec/delivery");
            int retries = delivery.path("retry").asInt();
            Duration step = Duration.parse(delivery.path("backoffDelay").asText());

            // Then
            assertEquals("linear", delivery.path("backoffPolicy").asText(), trigger::toString);
            Duration longest = step.multipliedBy(retries);
            Duration together = longest.multipliedBy(retries + 1).dividedBy(2);
            assertTrue(longest.compareTo(Duration.ofMinutes(5)) <= 0, trigger::toString);
            assertTrue(together.compareTo(Duration.ofMinutes(59)) >= 0, trigger::toString);
            assertTrue(together.compareTo(Duration.ofMinutes(65)) <= 0, trigger::toString);
        }
    }

    /** Its image has no user: Kubernetes wants one named, OpenShift assigns its own and refuses any other. */
    @Test
    void theStandbyRegistryHasAUserWhereTheClusterAssignsNone() throws Exception {
        // When
        JsonNode plain = standbySecurity("knative/standby");
        JsonNode openShift = standbySecurity("knative/standby-openshift");
        JsonNode withTags = standbySecurity("knative/standby-with-tags");

        // Then
        assertTrue(plain.path("runAsUser").asInt() > 0, plain::toString);
        assertFalse(openShift.has("runAsUser"), openShift::toString);
        assertFalse(withTags.has("runAsUser"), withTags::toString);
    }

    private static JsonNode standbySecurity(String folder) throws Exception {
        return only(rendered(Path.of(folder)), "Deployment").at("/spec/template/spec/containers/0/securityContext");
    }

    /** A tag there can be moved, and an outage is a bad time to find that out. */
    @ParameterizedTest
    @MethodSource("renderable")
    void anImageOfDockerHubIsNamedByItsDigest(Path folder) throws Exception {
        // When
        List<String> byTag = rendered(folder).stream()
                .flatMap(document -> document.content().findValuesAsText("image").stream())
                .filter(image -> image.startsWith("docker.io/") || !image.contains("/"))
                .filter(image -> !image.matches(".*@sha256:[0-9a-f]{64}"))
                .toList();

        // Then: ours in the base has no address, which each overlay gives it
        assertEquals(
                Set.of(),
                byTag.stream().filter(image -> !image.equals("registry-backup")).collect(Collectors.toSet()));
        assertEquals(folder.equals(Path.of("knative/base")), !byTag.isEmpty(), byTag::toString);
    }

    @Test
    void noSourceReadsTheRegistrysBucketItself() {
        // When
        Set<String> reading = SOURCES.stream()
                .filter(document -> !document.content().at("/spec/aws/s3").isMissingNode())
                .map(Document::toString)
                .collect(Collectors.toSet());

        // Then
        assertEquals(Set.of(), reading, "IntegrationSource aws.s3 removes what it reads");
    }

    @Test
    void scheduledEventsCarryNoParameters() {
        // When
        List<String> data = ofKind(SOURCES, "PingSource").stream()
                .map(document -> document.content().at("/spec/data").asText())
                .toList();

        // Then
        assertEquals(List.of("{}", "{}", "{}", "{}"), data);
    }

    @Test
    void theLightProfileHasOneSecretForEachStore() throws Exception {
        // When
        Map<String, List<String>> secrets =
                secretsOfPods(overlay("light", BASE, components("components/broker", "openshift")));

        // Then
        assertEquals(
                List.of("registry-credentials", "backup-credentials"),
                secrets.values().stream()
                        .flatMap(List::stream)
                        .distinct()
                        .sorted(Comparator.reverseOrder())
                        .toList());
        assertEquals(List.of("backup-credentials"), secrets.get("Service/dead-letter"));
        assertEquals(List.of("backup-credentials"), secrets.get("Service/capture"));
        assertEquals(9, secrets.size(), secrets::toString);
    }

    @Test
    void theHardenedProfileSharesNoSecretBetweenPrograms() throws Exception {
        // When
        List<Document> rendered =
                overlay("hardened", BASE, components("components/broker", "openshift", "components/hardened"));
        Map<String, List<String>> secrets = secretsOfPods(rendered);

        // Then
        assertEquals(List.of(), References.dangling(rendered, SOURCES));
        assertEquals(9, secrets.size(), secrets::toString);
        secrets.forEach((program, names) -> assertEquals(
                List.of(program.replaceFirst("^Service/", "").replaceFirst("^CronJob/registry-backup-(.*)$", "$1-job")
                        + "-credentials"),
                names));
    }

    @Test
    void withRolesOfAwsNoProgramReadsASecretAndEachAccountHasARole() throws Exception {
        // When
        List<Document> rendered = overlay(
                "roles",
                BASE,
                components("components/broker", "openshift", "components/aws-roles"),
                "patches:",
                "  - target: {kind: ServiceAccount, annotationSelector: eks.amazonaws.com/role-arn}",
                "    patch: |-",
                "      - {op: replace, path: /metadata/annotations/eks.amazonaws.com~1role-arn, value:"
                        + " 'arn:aws:iam::1:role/x'}");

        // Then
        assertEquals(Set.of(List.of()), Set.copyOf(secretsOfPods(rendered).values()));
        Set<String> accounts = rendered.stream()
                .map(document -> document.podSpec().path("serviceAccountName").asText())
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toSet());
        Set<String> withRole = ofKind(rendered, "ServiceAccount").stream()
                .filter(document -> document.content()
                        .at("/metadata/annotations/eks.amazonaws.com~1role-arn")
                        .asText()
                        .equals("arn:aws:iam::1:role/x"))
                .map(Document::name)
                .collect(Collectors.toSet());
        assertEquals(9, accounts.size(), accounts::toString);
        assertEquals(accounts, withRole);
    }

    @Test
    void withoutKnativeTheSameProgramsRunOnKindsOfKubernetesAlone() throws Exception {
        // When
        List<Document> rendered = rendered(overlayFolder("kubernetes"));

        // Then
        assertEquals(
                List.of(),
                rendered.stream()
                        .filter(document -> document.content().toString().contains("knative.dev"))
                        .map(Document::toString)
                        .toList());
        assertEquals(Set.of("replicate", "restore", "operations"), names(rendered, "Deployment"));
        assertEquals(
                List.of("[\"canary\"]", "[\"drill\"]", "[\"reconcile\"]", "[\"verify\",\"--all\"]"),
                ofKind(rendered, "CronJob").stream()
                        .filter(document ->
                                !document.content().at("/spec/suspend").asBoolean())
                        .map(document ->
                                document.podSpec().at("/containers/0/args").toString())
                        .sorted()
                        .toList());
    }

    /** A patch without a target is no error: it would leave a program with the keys of the light profile. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "hardened; (registry|backup)-credentials",
                "aws-roles; (registry|backup)-credentials",
                "bucket-claim; backup-credentials",
                "rook-user; registry-credentials",
            })
    void withoutKnativeOtherKeysReplaceTheLightOnesToo(String component, String light) throws Exception {
        // When
        List<Document> rendered = overlay(
                "kubernetes-" + component,
                "resources: [../../../knative/overlays/kubernetes]",
                "components: [../../../knative/components/%s]".formatted(component),
                component.equals("rook-user")
                        ? "transformers: [../../../knative/components/rook-user/secret-name]"
                        : "");
        Map<String, List<String>> secrets = secretsOfPods(rendered);

        // Then
        assertFalse(rendered.stream()
                .anyMatch(document -> document.content().toString().contains("object-user-STORE")));
        assertEquals(11, secrets.size(), secrets::toString);
        secrets.values().removeIf(names -> names.stream().noneMatch(name -> name.matches(light)));
        assertEquals(Map.of(), secrets);
    }

    @Test
    void withoutKnativeNothingOfTheBaseIsMissing() throws Exception {
        // Given: what takes the place of Knative's kinds
        Map<String, String> replaced = Map.of(
                "Service/replicate", "Deployment/replicate",
                "Service/restore", "Deployment/restore",
                "Service/operations", "Deployment/operations",
                "PingSource/reconcile", "CronJob/registry-backup-reconcile-schedule",
                "PingSource/verify", "CronJob/registry-backup-verify-schedule",
                "PingSource/drill", "CronJob/registry-backup-drill-schedule",
                "PingSource/canary", "CronJob/registry-backup-canary-schedule",
                "NetworkPolicy/from-knative", "NetworkPolicy/to-services",
                "NetworkPolicy/from-monitoring", "NetworkPolicy/to-services");

        // When
        Set<String> there = names(rendered(Path.of("knative/overlays/kubernetes")));
        Set<String> wanted = names(rendered(Path.of("knative/base")));

        // Then
        assertTrue(wanted.containsAll(replaced.keySet()), wanted::toString);
        wanted.removeAll(replaced.keySet());
        wanted.addAll(replaced.values());
        wanted.removeAll(there);
        assertEquals(Set.of(), wanted);
    }

    /** The kind and name of each, without the namespace at the end of a name. */
    private static Set<String> names(List<Document> documents) {
        return documents.stream()
                .map(document -> document.kind() + "/" + document.name().replaceFirst("\\..*", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<List<String>> installations() throws IOException {
        String openShift = "components: [../../../knative/components/broker, ../../../knative/openshift";
        Stream<List<String>> overlays = renderable()
                .filter(folder -> folder.startsWith("knative/overlays"))
                .map(folder -> List.of("resources: [../../../%s]".formatted(folder)));
        Stream<List<String>> withComponents = Stream.of(
                        openShift + ", ../../../knative/components/page-outside-openshift]",
                        openShift + ", ../../../knative/components/openshift-in-process]",
                        openShift + ", ../../../knative/components/hardened]",
                        openShift + ", ../../../knative/components/aws-roles]",
                        openShift + ", ../../../knative/components/bucket-claim]",
                        openShift + ", ../../../knative/components/openshift-service-ca]",
                        openShift + ", ../../../knative/components/kafka-broker]",
                        openShift + ", ../../../knative/restore-only]",
                        "components: [../../../knative/components/page-outside]")
                .map(components -> List.of("resources: [../../../knative/base]", components));
        return Stream.concat(overlays, withComponents);
    }

    @ParameterizedTest
    @MethodSource("installations")
    void twoInstancesShareNothingThatIsOfTheWholeCluster(List<String> lines) throws Exception {
        // When
        Set<String> one = ofTheWholeCluster("team-a", lines);
        Set<String> other = ofTheWholeCluster("team-b", lines);

        // Then
        assertTrue(one.contains("ClusterRoleBinding/registry-backup-token-review.team-a"), one::toString);
        assertEquals(one.size(), other.size());
        other.retainAll(one);
        assertEquals(Set.of(), other);
    }

    /** What has no namespace, or another one than the instance's, which the other instance may have as well. */
    private static Set<String> ofTheWholeCluster(String namespace, List<String> lines) throws Exception {
        List<String> all = new ArrayList<>(lines);
        all.add("namespace: " + namespace);
        all.add("transformers: [../../../knative/unique-names]");
        List<Document> rendered = overlay(namespace, all.toArray(String[]::new));
        assertEquals(List.of(), References.dangling(rendered, SOURCES));
        return rendered.stream()
                .filter(document ->
                        !document.content().at("/metadata/namespace").asText().equals(namespace))
                .map(document -> document.kind() + "/" + document.name())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyOverlayCarriesItsNamespaceInNamesOfTheWholeCluster() {
        // When
        List<String> without = SOURCES.stream()
                .filter(document ->
                        document.isKustomize() && document.origin().matches(".*overlays/[^/]+/kustomization.yaml"))
                .filter(document -> !document.content().has("namespace")
                        || !document.content().path("transformers").toString().contains("\"../../unique-names\""))
                .map(Document::toString)
                .toList();

        // Then
        assertEquals(List.of(), without);
    }

    @Test
    void notificationsAreInTheNamespaceOfTheClaimAndPostToTheBrokerOfTheInstance() throws Exception {
        // When
        List<Document> rendered = overlay(
                "ceph",
                "namespace: team-a",
                "resources: [../../../knative/overlays/ceph-odf]",
                "patches:",
                "  - target: {kind: CephBucketTopic}",
                "    patch: |-",
                "      - {op: replace, path: /metadata/annotations/registrybackup.dev~1claim-namespace, value: images}",
                "transformers: [../../../knative/unique-names,"
                        + " ../../../knative/components/ceph-notifications/namespaces]");

        // Then
        for (String kind : List.of("CephBucketTopic", "CephBucketNotification")) {
            JsonNode content = only(rendered, kind);
            assertEquals("images", content.at("/metadata/namespace").asText(), kind);
            assertTrue(
                    kind.endsWith("Notification")
                            || content.at("/spec/endpoint/http/uri").asText().endsWith(".local/team-a/registry-events"),
                    content::toString);
        }
    }

    @Test
    void aStoreThatPostsStraightToTheProgramNeedsNoBroker() throws Exception {
        for (String overlay : List.of("webhooks", "kubernetes")) {
            // When
            List<Document> rendered = rendered(overlayFolder(overlay));

            // Then
            assertTrue(
                    rendered.stream()
                            .noneMatch(document -> Set.of("Broker", "Trigger").contains(document.kind())
                                    || document.name().equals("dead-letter")),
                    overlay);
        }
    }

    @Test
    void gatewaysPrometheusAndPullSecretsAreSetAsTheHeadsOfTheFilesSay() throws Exception {
        // When
        List<Document> rendered = overlay(
                "settings",
                BASE,
                "patches:",
                patchIn("knative/base/network-policies.yaml"),
                "  - target: {kind: ServiceAccount}",
                "    patch: |-",
                "      - {op: add, path: /imagePullSecrets, value: [{name: registry-example-pull}]}");

        // Then
        String policies = ofKind(rendered, "NetworkPolicy").stream()
                .map(document -> document.content().path("spec").toString())
                .collect(Collectors.joining());
        assertTrue(policies.contains("\"contour-internal\",\"my-gateway\""), policies);
        assertTrue(policies.contains("\"port\":15008"), policies);
        assertTrue(policies.contains("\"monitoring\",\"my-prometheus\""), policies);
        ofKind(rendered, "ServiceAccount")
                .forEach(account -> assertEquals(
                        "registry-example-pull",
                        account.content().at("/imagePullSecrets/0/name").asText(),
                        account::toString));
    }

    /** The patches that a file's comments show. */
    private static String patchIn(String file) throws IOException {
        return Files.readString(Path.of(file))
                .lines()
                .dropWhile(line -> !line.equals("#   patches:"))
                .skip(1)
                .takeWhile(line -> line.startsWith("#   "))
                .map(line -> line.substring(4))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void aStoreInsideOpenShiftIsTrustedByWhatOpenShiftWritesIntoStoreCa() throws Exception {
        for (String overlay : List.of("ceph-odf", "noobaa")) {
            // When
            List<Document> configMaps = ofKind(rendered(overlayFolder(overlay)), "ConfigMap");

            // Then
            assertEquals(
                    List.of("registry-backup", "store-ca"),
                    configMaps.stream().map(Document::name).sorted().toList());
            for (Document configMap : configMaps) {
                JsonNode content = configMap.content();
                assertTrue(
                        content.at("/data/REGISTRY_CA_CERTIFICATE").asText().equals("/etc/store-ca/service-ca.crt")
                                || content.at("/metadata/annotations/service.beta.openshift.io~1inject-cabundle")
                                        .asText()
                                        .equals("true"),
                        configMap::toString);
            }
        }
    }

    @Test
    void fromOutsideOnlyWhatIsBelowPageIsReachedInThePodsOfOperations() throws Exception {
        // When
        List<Document> plain = overlay("page", BASE, components("components/page-outside"));
        List<Document> openShift = overlay("page-openshift", BASE, components("components/page-outside-openshift"));

        // Then
        JsonNode rules = only(plain, "Ingress").at("/spec/rules");
        assertEquals(List.of("/page/"), rules.findValuesAsText("path"));
        assertEquals(List.of("Prefix"), rules.findValuesAsText("pathType"));
        assertTrue(only(plain, "Ingress").at("/spec/defaultBackend").isMissingNode());
        assertEquals("page-proxy", only(openShift, "Route").at("/spec/to/name").asText());
        List<String> upstreams = Pattern.compile("--upstream=([^\"]*)")
                .matcher(only(openShift, "Deployment").toString())
                .results()
                .map(upstream -> upstream.group(1))
                .toList();
        assertEquals(List.of("http://page.$(NAMESPACE).svc.cluster.local/page/"), upstreams);
        for (List<Document> rendered : List.of(plain, openShift)) {
            assertEquals(List.of(), References.dangling(rendered, SOURCES));
            assertEquals(List.of(), Containers.lax(rendered));
            for (Document document : rendered) {
                assertEquals(Set.of(), Fields.unknown(document.content()), document::toString);
            }
            JsonNode service = rendered.stream()
                    .filter(document -> document.name().equals("page")
                            && document.content().path("apiVersion").asText().equals("v1"))
                    .findFirst()
                    .orElseThrow()
                    .content();
            assertEquals(
                    "{\"app.kubernetes.io/name\":\"operations\"}",
                    service.at("/spec/selector").toString());
        }
    }

    @Test
    void keysThatRookAndBucketClaimsWriteAreReadAsTheyAre() throws Exception {
        // When
        List<Document> rendered = overlay(
                "rook",
                BASE,
                components("components/broker", "openshift", "components/bucket-claim", "components/rook-user"),
                "patches:",
                "  - target: {kind: CephObjectStoreUser}",
                "    patch: |-",
                "      - {op: replace, path: /spec/store, value: my-store}",
                "transformers: [../../../knative/components/rook-user/secret-name]");

        // Then
        Map<String, Set<String>> read = new TreeMap<>();
        for (Document document : rendered) {
            assertEquals(Set.of(), Fields.unknown(document.content()), document::toString);
            document.podSpec().at("/containers/0/env").forEach(variable -> {
                JsonNode source = variable.at("/valueFrom").path("secretKeyRef");
                if (source.isObject()) {
                    read.computeIfAbsent(document.kind() + "/" + document.name(), any -> new TreeSet<>())
                            .add(variable.path("name").asText() + "="
                                    + source.path("name").asText() + "/"
                                    + source.path("key").asText());
                }
            });
        }
        Set<String> backup = Set.of(
                "BACKUP_ACCESS_KEY=image-registry-backup/AWS_ACCESS_KEY_ID",
                "BACKUP_SECRET_KEY=image-registry-backup/AWS_SECRET_ACCESS_KEY");
        Set<String> both = new TreeSet<>(backup);
        both.add("REGISTRY_ACCESS_KEY=rook-ceph-object-user-my-store-registry-backup/AccessKey");
        both.add("REGISTRY_SECRET_KEY=rook-ceph-object-user-my-store-registry-backup/SecretKey");
        assertEquals(9, read.size(), read::toString);
        read.forEach((program, keys) -> assertEquals(
                program.matches("Service/(dead-letter|capture)|CronJob/registry-backup-drill") ? backup : both,
                keys,
                program));
        assertEquals(Set.of(List.of()), Set.copyOf(secretsOfPods(rendered).values()));
        assertEquals(List.of(), References.dangling(rendered, SOURCES));
    }

    @Test
    void whoeverPostsStraightToReplicateSendsTheSecretThatItWants() throws Exception {
        for (String overlay : List.of("webhooks", "kubernetes", "noobaa", "kind")) {
            // When
            List<Document> rendered = rendered(overlayFolder(overlay));

            // Then
            JsonNode replicate = rendered.stream()
                    .filter(document -> document.name().equals("replicate")
                            && document.podSpec().has("containers"))
                    .findFirst()
                    .orElseThrow()
                    .podSpec();
            assertTrue(replicate.toString().contains("\"secretRef\":{\"name\":\"webhook-secret\"}"), overlay);
        }
        JsonNode store = ofKind(rendered(overlayFolder("kind")), "Deployment").stream()
                .filter(document -> document.name().equals("store"))
                .findFirst()
                .orElseThrow()
                .podSpec();
        assertTrue(
                store.at("/containers/0/env").toString().contains("MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_BACKUP"),
                store::toString);
    }

    @Test
    void alertsNameTheNamespaceAndTheAddressOfRunbooksThatTheOverlaySets() throws Exception {
        // When
        List<Document> rendered = overlay(
                "monitoring",
                "namespace: team-a",
                "resources: [../../../knative/monitoring]",
                "patches:",
                "  - target: {kind: PrometheusRule}",
                "    patch: |-",
                "      - {op: replace, path: /metadata/annotations/registrybackup.dev~1runbooks, value:"
                        + " 'https://wiki.example/x'}",
                "transformers: [../../../knative/monitoring/settings]");
        JsonNode rule = only(rendered, "PrometheusRule").at("/spec/groups");

        // Then
        List<String> namespaces = Pattern.compile("namespace(?:=\\\\\"|\":\")([\\w-]+)")
                .matcher(rule.toString())
                .results()
                .map(match -> match.group(1))
                .toList();
        assertEquals(Set.of("team-a"), Set.copyOf(namespaces));
        assertEquals(8, namespaces.size(), "six in expressions, two labels");
        rule.findValuesAsText("runbook_url")
                .forEach(url -> assertTrue(url.startsWith("https://wiki.example/x#registrybackup"), url));
    }

    /** Skips the test where nothing can be rendered: then only the sources are checked. */
    private static List<Document> rendered(Path folder) throws Exception {
        assumeTrue(CAN_RENDER, "no kubectl with kustomize 4 or newer on PATH: only sources are checked");
        return Manifests.rendered(folder);
    }

    private static Path overlayFolder(String name) {
        return Path.of("knative/overlays", name);
    }

    private static List<Document> overlay(String name, String... lines) throws Exception {
        Path folder = Files.createDirectories(Path.of("target/manifests").resolve(name));
        Files.writeString(
                folder.resolve("kustomization.yaml"),
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" + String.join("\n", lines) + "\n");
        return rendered(folder);
    }

    /** The Secrets that each program reads, but for those of other targets. */
    private static Map<String, List<String>> secretsOfPods(List<Document> documents) {
        Map<String, List<String>> secrets = new TreeMap<>();
        for (Document document : documents) {
            if (document.podSpec().has("containers")) {
                List<String> names = new ArrayList<>();
                document.podSpec().at("/containers/0/envFrom").forEach(from -> {
                    String secret = from.at("/secretRef/name").asText();
                    if (!secret.isEmpty() && !secret.startsWith("target-")) {
                        names.add(secret);
                    }
                });
                secrets.put(document.kind() + "/" + document.name(), names);
            }
        }
        return secrets;
    }

    /** As docs/openshift.md has it applied to a cluster that is being restored into. */
    @Test
    void aRestoreOnlyClusterHasNoEventSources() throws Exception {
        // When
        List<Document> rendered =
                overlay("restore-only", BASE, components("components/broker", "openshift", "restore-only"));

        // Then
        assertEquals(List.of(), References.dangling(rendered, SOURCES));
        assertTrue(rendered.stream()
                .noneMatch(document -> Set.of("PingSource", "ApiServerSource").contains(document.kind())));
        assertTrue(rendered.stream()
                .anyMatch(document -> document.isService() && document.name().equals("restore")));
    }

    @Test
    void theTemplatesOfJobsHaveTheDefaultNames() throws Exception {
        // Given
        String configuration =
                Files.readString(Path.of("src/main/java/dev/registrybackup/app/config/Configuration.java"));

        // When
        Set<String> templates = ofKind(SOURCES, "CronJob").stream()
                .filter(document -> document.content().at("/spec/suspend").asBoolean())
                .map(Document::name)
                .collect(Collectors.toSet());

        // Then
        assertEquals(
                Pattern.compile("@WithDefault\\(\"(registry-backup-[a-z]+)\"\\)")
                        .matcher(configuration)
                        .results()
                        .map(match -> match.group(1))
                        .collect(Collectors.toSet()),
                templates);
    }

    @Test
    void eachServiceIsNamedAfterItsRoleWhoseFunctionTheCodeHas() throws Exception {
        // Given
        Properties application = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of("src/main/resources/application.properties"))) {
            application.load(reader);
        }
        StringBuilder code = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("src/main/java/dev/registrybackup/app/events"))) {
            for (Path file : files.toList()) {
                code.append(Files.readString(file));
            }
        }

        // When
        Set<String> services = SOURCES.stream()
                .filter(Document::isService)
                .map(Document::name)
                .collect(Collectors.toCollection(TreeSet::new));

        // Then
        assertEquals(Set.of("replicate", "dead-letter", "restore", "operations", "capture"), services);
        for (Document service : SOURCES.stream().filter(Document::isService).toList()) {
            String role = service.podSpec()
                    .at("/containers/0/env")
                    .findParent("value")
                    .path("value")
                    .asText();
            String function = application.getProperty("event-function." + role, "none");
            assertEquals(service.name(), role);
            assertTrue(code.indexOf("@Funq(\"" + function + "\")") > 0, () -> role + " has no function " + function);
        }
    }

    @Test
    void eachSecretThatTheDocumentsNameIsOneOfTheManifests() throws Exception {
        // Given
        Set<String> secrets = names(SOURCES, "Secret");

        // When
        Set<String> named = new TreeSet<>();
        for (Path document : List.of(
                Path.of("README.md"),
                Path.of("docs/operations.md"),
                Path.of("docs/openshift.md"),
                Path.of("docs/rights.md"))) {
            Pattern.compile("[a-z][a-z-]*-credentials\\b")
                    .matcher(Files.readString(document))
                    .results()
                    .forEach(match -> named.add(match.group()));
        }

        // Then: those of other targets are yours, and commented out in the example
        named.removeAll(Set.of("target-credentials", "target-write-credentials"));
        assertTrue(named.contains("replicate-credentials"), named::toString);
        named.removeAll(secrets);
        assertEquals(Set.of(), named);
    }
}
