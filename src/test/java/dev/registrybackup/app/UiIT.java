package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.Cookie;
import com.microsoft.playwright.options.SameSiteAttribute;
import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.objectstore.DailyHistory;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page in a browser without scripts. */
@RequiresRealStack("chromium")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UiIT {
    private static final String TOKEN = "a-token-of-the-test+/0123456789==";
    private static final int MOST_TABS = 60;
    private static final Duration BOUND = Duration.ofMinutes(4);
    /** Of text against what is behind it, by WCAG 2.1 AA; says which text has less. */
    private static final String LOW_CONTRAST = """
        () => {
          const parts = text => text.match(/[0-9.]+/g).map(Number);
          const light = rgb => {
            const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const behind = element => {
            for (let at = element; at; at = at.parentElement) {
              const color = parts(getComputedStyle(at).backgroundColor);
              if (color.length < 4 || color[3] > 0) return color;
            }
            return [255, 255, 255];
          };
          const low = [];
          for (const element of document.querySelectorAll('body *')) {
            if (![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
            const [a, b] = [parts(getComputedStyle(element).color).slice(0, 3), behind(element).slice(0, 3)].map(light);
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) low.push(ratio.toFixed(2) + ' ' + element.textContent.trim().slice(0, 40));
          }
          return low;
        }
        """;

    private S3ProxyServer store;
    private Bucket registry;
    private Bucket backup;
    private Product service;
    private Playwright playwright;
    private Browser browser;
    private TestImage image;
    private String missing = "";

    @BeforeAll
    void start() {
        store = S3ProxyServer.inMemory(512);
        registry = Bucket.create(store.endpoint(), Product.REGISTRY_BUCKET);
        backup = Bucket.create(store.endpoint(), Product.BACKUP_BUCKET).versioned();
        TestImages images = new TestImages(7);
        image = images.index(2, 300, 5_000);
        TestImage broken = images.image(400);
        RegistryPush push = new RegistryPush(backup.client(), backup.name());
        push.push(image, "demo/app", "v1");
        push.push(broken, "demo/broken-with-a-name-that-is-as-long-as-names-of-generated-things-become", "v1");
        backup.sizes("").keySet().stream()
                .filter(key -> key.contains("_uploads"))
                .forEach(backup::remove);
        Blob layer = broken.blobs().get(broken.blobs().size() - 1);
        missing = layer.digest();
        backup.remove(push.blobKey(layer));
        writeHistory();
        Map<String, String> settings = settings();
        settings.put("SERVICE_ROLE", "operations");
        settings.put("AUTH_MODE", "token");
        settings.put("AUTH_TOKEN", TOKEN);
        service = Product.start(settings, "-Xmx128m");
        verify();
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(Path.of("/usr/bin/chromium"))
                        .setArgs(List.of(
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync")));
    }

    private Map<String, String> settings() {
        return new HashMap<>(Product.settings(store.endpoint(), store.endpoint()));
    }

    /**
     * Figures of all days that the page shows, with a night of an incomplete reconciliation and objects that events missed.
     * Tomorrow has figures too, which the page shows if it is midnight meanwhile.
     */
    private void writeHistory() {
        ObjectMapper json = new ObjectMapper();
        ObjectNode reconciled = json.createObjectNode();
        ObjectNode verified = json.createObjectNode();
        ObjectNode drilled = json.createObjectNode();
        ObjectNode latencies = json.createObjectNode();
        for (int ago = -1; ago < 30; ago++) {
            String day = LocalDate.now(ZoneOffset.UTC).minusDays(ago).toString();
            boolean isBad = ago == 9;
            reconciled
                    .putObject(day)
                    .put("runs", 4)
                    .put("complete", isBad ? 3 : 4)
                    .put("missedByEvents", isBad ? 12 : 0)
                    .put("longestSeconds", 60 + 17 * (ago % 5) + (isBad ? 200 : 0));
            verified.putObject(day).putObject("images").put("complete", 3).put("incomplete", isBad ? 1 : 0);
            drilled.putObject(day)
                    .put("images", 5)
                    .put("failed", isBad ? 1 : 0)
                    .put("bytesPerSecond", 130_000_000)
                    .put("expectedRestoreSeconds", 8_000 + 90 * ago);
            latencies.putObject(day).put("151", 400 + 90 * (ago % 7)).put(isBad ? "5312" : "713", 20);
        }
        put(DailyHistory.RECONCILE, reconciled);
        put(DailyHistory.VERIFY, verified);
        put(DailyHistory.DRILL, drilled);
        put("replication", latencies);
    }

    private void put(String subject, ObjectNode days) {
        backup.put(DailyHistory.PREFIX + subject, days.toString().getBytes(StandardCharsets.UTF_8));
    }

    private void verify() {
        String id = caller().contentType(ContentType.JSON)
                .body("{\"depth\":\"content\"}")
                .post("/verify")
                .then()
                .statusCode(202)
                .extract()
                .path("id");
        Awaitility.await()
                .atMost(BOUND)
                .until(
                        () -> caller().get("/operations/" + id).path("state"),
                        state -> "succeeded".equals(state) || "incomplete".equals(state));
    }

    private RequestSpecification anybody() {
        return RestAssured.given().baseUri(service.uri().toString()).redirects().follow(false);
    }

    private RequestSpecification caller() {
        return anybody().header("Authorization", "Bearer " + TOKEN);
    }

    @AfterAll
    void stop() {
        browser.close();
        playwright.close();
        service.close();
        registry.close();
        backup.close();
        store.close();
    }

    private BrowserContext viewer(ColorScheme colors, int width) {
        BrowserContext viewer = browser.newContext(new Browser.NewContextOptions()
                .setJavaScriptEnabled(false)
                .setColorScheme(colors)
                .setViewportSize(width, 900));
        viewer.setDefaultTimeout((double) BOUND.toMillis());
        return viewer;
    }

    private String address(String path) {
        return service.uri().resolve(path).toString();
    }

    private static void picture(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(Path.of("target/page/" + name + ".png"))
                .setFullPage(true));
    }

    private void logIn(Page page) {
        page.navigate(address("/"));
        page.locator("#token").fill(TOKEN);
        page.keyboard().press("Enter");
        page.waitForSelector(".verdict");
    }

    /** Presses Enter, and waits for the page that this leads to: at the same address, if it is the form's. */
    @SuppressWarnings("deprecation") // whoever waits for an address misses a page at the same one
    private static Response enter(Page page) {
        return page.waitForNavigation(() -> page.keyboard().press("Enter"));
    }

    /** Tabs on to the link or button of that text, and presses Enter there. */
    private static void follow(Page page, String text) {
        for (int tab = 0; tab < MOST_TABS; tab++) {
            page.keyboard().press("Tab");
            if (page.locator(":focus").count() == 1
                    && page.locator(":focus").first().innerText().strip().equals(text)) {
                enter(page);
                return;
            }
        }
        throw new AssertionError("The keyboard does not lead to " + text + " on " + page.url());
    }

    @Test
    void thePageIsUsableByKeyboardUpToTheRestore() {
        try (BrowserContext viewer = viewer(ColorScheme.LIGHT, 1100)) {
            // Given
            Page page = viewer.newPage();
            page.navigate(address("/"));
            picture(page, "login");

            // When: the form has the keyboard
            page.waitForSelector("#token:focus");
            page.keyboard().type(TOKEN);
            enter(page);
            String overview = page.innerText("main");
            picture(page, "overview");
            follow(page, "demo/broken-with-a-name-that-is-as-long-as-names-of-generated-things-become");
            picture(page, "repository-broken");
            follow(page, "v1");
            String lacking = page.innerText("main");
            picture(page, "image-broken");
            follow(page, "Operations");
            picture(page, "operations");
            page.locator("tbody a").first().focus();
            enter(page);
            picture(page, "operation");
            follow(page, "Catalog");
            picture(page, "catalog");
            follow(page, "demo/app");
            picture(page, "repository");
            follow(page, "v1");
            picture(page, "image");
            String command = page.innerText("#restore-command");
            follow(page, "Log out");

            // Then
            assertTrue(overview.contains("1 of 4 images cannot be restored, as verified"), overview);
            assertTrue(overview.contains("every blob hashed"), overview);
            assertTrue(lacking.contains("Cannot be restored: missing 1 blob"), lacking);
            assertTrue(lacking.contains(missing), lacking);
            assertEquals(1, page.locator("#token").count());
            restores(command);
        }
    }

    private void restores(String command) {
        String[] words = command.split(" ", -1);
        assertEquals("registry-backup", words[0]);
        ProductCommand restored = ProductCommand.run(settings(), java.util.Arrays.copyOfRange(words, 1, words.length));
        assertEquals(0, restored.code(), restored::toString);
        Map<String, Long> there = registry.sizes("");
        RegistryPush keys = new RegistryPush(registry.client(), registry.name());
        image.closure().forEach(blob -> assertTrue(there.containsKey(keys.blobKey(blob)), blob::digest));
        assertTrue(there.keySet().stream().anyMatch(key -> key.endsWith("demo/app/_manifests/tags/v1/current/link")));
    }

    @ParameterizedTest
    @EnumSource(
            value = ColorScheme.class,
            names = {"LIGHT", "DARK"})
    void everythingCanBeReadInLightAndInDarkAndOnATelephone(ColorScheme colors) {
        try (BrowserContext viewer = viewer(colors, 360)) {
            // Given
            Page page = viewer.newPage();
            page.navigate(address("/"));
            Object login = page.evaluate(LOW_CONTRAST);
            logIn(page);

            for (String path :
                    List.of("/", "/page/repository?name=demo/app", "/page/operations", "/page/repositories")) {
                // When
                page.navigate(address(path));
                picture(page, colors.name().toLowerCase(java.util.Locale.ROOT) + path.replaceAll("[^a-z]", "-"));
                Object low = page.evaluate(LOW_CONTRAST);
                Object width = page.evaluate("() => document.documentElement.scrollWidth");

                // Then
                assertEquals(List.of(), low, path);
                assertEquals(360, width, path);
            }
            assertEquals(List.of(), login);
            page.setViewportSize(1100, 900);
            page.navigate(address("/"));
            picture(page, "wide-" + colors.name());
            boolean isDark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
                    .equals("rgb(15, 19, 24)");
            assertEquals(colors == ColorScheme.DARK, isDark);
        }
    }

    @Test
    void theHistoryIsDrawnWithinTheContentSecurityPolicy() {
        try (BrowserContext viewer = viewer(ColorScheme.LIGHT, 1100)) {
            // Given
            Page page = viewer.newPage();
            logIn(page);
            List<String> problems = new ArrayList<>();
            page.onConsoleMessage(message -> problems.add(message.text()));

            // When
            page.navigate(address("/"));
            Object boxes = page.evaluate("() => [...document.querySelectorAll('svg rect')]"
                    + ".filter(bar => bar.getBoundingClientRect().height >= 1).length");
            String good = (String) page.evaluate("() => getComputedStyle(document.querySelector('rect.good')).fill");
            String warn = (String) page.evaluate("() => getComputedStyle(document.querySelector('rect.warn')).fill");

            // Then
            assertEquals(List.of(), problems);
            assertEquals(6, page.locator("svg").count());
            // 30 days of six charts and of two values in one of them
            assertEquals(7 * 30, boxes);
            assertEquals("rgb(15, 107, 45)", good);
            assertEquals("rgb(122, 75, 0)", warn);
            assertTrue(page.innerText("#history ~ p").contains(" reconciliations, all complete"));
        }
    }

    @Test
    void theTokenStaysInACookieThatNoScriptAndNoOtherSiteGets() {
        try (BrowserContext viewer = viewer(ColorScheme.LIGHT, 1100)) {
            // Given
            Page page = viewer.newPage();

            // When
            logIn(page);

            // Then
            Cookie cookie = viewer.cookies().get(0);
            assertEquals("registry-backup", cookie.name);
            assertEquals(TOKEN, cookie.value);
            assertTrue(cookie.httpOnly);
            assertEquals(SameSiteAttribute.STRICT, cookie.sameSite);
            assertEquals("/", cookie.path);
            assertEquals(-1, cookie.expires, "It ends with the browser");
            assertFalse(cookie.secure, "The request came by plain HTTP");
            assertFalse(page.content().contains(TOKEN));
        }
    }

    @Test
    void behindAProxyOfHttpsTheCookieIsForHttpsOnly() {
        // When
        String cookie = anybody()
                .header("X-Forwarded-Proto", "https")
                .formParam("token", TOKEN)
                .formParam("next", "/page/operations?x=1")
                .post("/page/login")
                .then()
                .statusCode(303)
                .header("Location", "/page/operations?x=1")
                .extract()
                .header("Set-Cookie");

        // Then
        assertTrue(cookie.contains("; Secure"), cookie);
        assertTrue(cookie.contains("; HTTPOnly"), cookie);
        assertTrue(cookie.contains("; SameSite=Strict"), cookie);
    }

    @ParameterizedTest
    @CsvSource({"https://evil.example/", "//evil.example/", "/page/%0d%0aX: y", "/q/metrics"})
    void theFormSendsNobodyElsewhere(String next) {
        // When
        String location = anybody()
                .formParam("token", TOKEN)
                .formParam("next", next.replace("%0d%0a", "\r\n"))
                .post("/page/login")
                .then()
                .statusCode(303)
                .extract()
                .header("Location");

        // Then
        assertEquals("/page/", location);
    }

    /** A proxy or an Ingress lets in what is below /page/, and all of it, by path alone. */
    @ParameterizedTest
    @ValueSource(strings = {"/page/", "/page/operations", "/page/login", "/page/logout", "/page/notification"})
    void belowThePageNoEventIsTakenAndNothingStarted(String path) {
        // When
        int event = anybody()
                .header("ce-id", "1")
                .header("ce-specversion", "1.0")
                .header("ce-type", "dev.knative.sources.ping")
                .header("ce-source", "x")
                .header("ce-job", "reconcile")
                .contentType(ContentType.JSON)
                .body("{}")
                .post(path)
                .statusCode();
        int plain = caller().contentType(ContentType.JSON).body("{}").post(path).statusCode();

        // Then
        assertTrue(event >= 400 && event < 500, () -> "an event is answered " + event);
        assertTrue(plain == 303 || (plain >= 400 && plain < 500), () -> "a request is answered " + plain);
        assertFalse(caller().get("/operations").asString().contains("\"reconcile\""), path);
    }

    @Test
    void theOverviewIsBelowPageTooAndAProxysTokenIsTaken() {
        anybody()
                .header("X-Forwarded-Access-Token", TOKEN)
                .get("/page/")
                .then()
                .statusCode(200)
                .body(Matchers.containsString("demo/"));
        anybody()
                .header("X-Forwarded-Access-Token", "another-token-of-somebody")
                .get("/page/")
                .then()
                .statusCode(401);
    }

    @Test
    void aWrongTokenGetsTheFormAgain() {
        try (BrowserContext viewer = viewer(ColorScheme.LIGHT, 1100)) {
            // Given
            Page page = viewer.newPage();
            page.navigate(address("/page/operations"));

            // When
            page.locator("#token").fill("something-else-altogether");
            Response answer = enter(page);

            // Then
            assertEquals(401, answer.status());
            assertTrue(page.innerText("main").contains("the token is not auth.token"));
            assertEquals(0, viewer.cookies().size());
            assertFalse(service.log().contains("something-else-altogether"));
            picture(page, "login-again");
        }
    }

    @Test
    void thePageTakesNothingFromElsewhereAndIsKeptNowhere() {
        caller().get("/")
                .then()
                .statusCode(200)
                .contentType("text/html; charset=utf-8")
                .header(
                        "Content-Security-Policy",
                        Matchers.matchesPattern("default-src 'none'; style-src 'sha256-[^']+'; form-action 'self';"
                                + " frame-ancestors 'none'; base-uri 'none'"))
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer")
                .header("Cache-Control", "no-store");
    }

    @ParameterizedTest
    @CsvSource({"/, 401", "/page/, 401", "/page/operations, 401", "/page/none, 401", "/elsewhere, 404"})
    void withoutATokenThereIsOnlyTheForm(String path, int status) {
        // When
        String body = anybody().get(path).then().statusCode(status).extract().asString();

        // Then
        assertFalse(body.contains("demo/"), body);
    }

    @Test
    void aTokenThatIsTooLongIsNotRead() {
        // Vert.x itself takes no field of a form above 8 KiB.
        anybody()
                .formParam("token", "x".repeat(40_000))
                .post("/page/login")
                .then()
                .statusCode(400);
    }

    @Test
    void anotherSitesFormIsNotTaken() {
        anybody()
                .header("Sec-Fetch-Site", "cross-site")
                .formParam("token", TOKEN)
                .post("/page/login")
                .then()
                .statusCode(403);
    }

    @Test
    void eventsThatArePostedToTheSameAddressGoToTheFunction() {
        anybody()
                .header("ce-id", "1")
                .header("ce-specversion", "1.0")
                .header("ce-source", "test")
                .header("ce-type", "something")
                .contentType(ContentType.JSON)
                .body("{}")
                .post("/")
                .then()
                .statusCode(422)
                .body(Matchers.containsString("dev.knative.sources.ping"));
    }
}
