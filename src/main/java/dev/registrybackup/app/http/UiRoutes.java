package dev.registrybackup.app.http;

import dev.registrybackup.app.auth.AuthDecision;
import dev.registrybackup.app.auth.AuthDecision.Answer;
import dev.registrybackup.app.auth.Authorizer;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.app.ui.Page;
import dev.registrybackup.app.ui.Pages;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Serves the page, before Funqy's route for {@code /}. Callers need a bearer token: in a header or, in a browser, in a cookie
 * that the login form sets. No scripts and no external resources.
 */
@ApplicationScoped
class UiRoutes {
    static final String COOKIE = "registry-backup";
    /** The verb that callers need the right to. */
    private static final String VERB = "page";

    /** All of the page is below it, so that one path is all that has to be let in from outside; the overview is itself. */
    private static final String BELOW = "/page/";

    private static final String LOGIN = BELOW + "login";
    private static final String LOGOUT = BELOW + "logout";
    /** In which OpenShift's oauth-proxy hands on the token of who has logged in there. */
    private static final String PROXY_TOKEN = "X-Forwarded-Access-Token";
    /** In bytes: a token of the largest size with each character escaped, and a URL. */
    private static final long MAX_FORM_BYTES = 32 << 10;

    /** Whether this process has the page. */
    private final boolean isServed;

    private final AuthFilter authFilter;
    private final Instance<Pages> pages;

    UiRoutes(Settings settings, AuthFilter authFilter, Instance<Pages> pages) {
        this.isServed = settings.isOperations() && !settings.isCommand();
        this.authFilter = authFilter;
        this.pages = pages;
    }

    /** Whether the request is for the page and not for the functions. */
    boolean serves(HttpServerRequest request, String path) {
        if (!isServed) {
            return false;
        }
        return request.method().equals(HttpMethod.GET)
                ? path.equals("/") || path.startsWith(BELOW)
                : request.method().equals(HttpMethod.POST)
                        && (path.equals(LOGIN) || path.equals(LOGOUT))
                        && !RequestFilter.isCloudEvent(request);
    }

    void open(@Observes Router router) {
        if (!isServed) {
            return;
        }
        router.get("/").order(-120).handler(this::show);
        router.get(BELOW + "*").order(-120).handler(this::show);
        router.post(LOGIN).order(-125).handler(BodyHandler.create(false).setBodyLimit(MAX_FORM_BYTES));
        router.post(LOGIN).order(-120).handler(this::logIn);
        router.post(LOGOUT).order(-120).handler(this::logOut);
    }

    private void show(RoutingContext context) {
        HttpServerRequest request = context.request();
        Optional<String> header = Authorizer.bearerToken(request.getHeader("Authorization"))
                .or(() -> Optional.ofNullable(request.getHeader(PROXY_TOKEN)));
        Optional<String> cookie = Optional.ofNullable(request.getCookie(COOKIE)).map(Cookie::getValue);
        authFilter.ask(context, VERB, header.or(() -> cookie), authDecision -> {
            if (authDecision.isAllowed()) {
                render(context, header.isEmpty() && cookie.isPresent());
            } else {
                boolean isFirst = header.isEmpty() && cookie.isEmpty();
                refuse(context, authDecision, isFirst, request.uri());
            }
        });
    }

    private void render(RoutingContext context, boolean isLoggedIn) {
        Map<String, String> query = new HashMap<>();
        context.queryParams().forEach(parameter -> query.putIfAbsent(parameter.getKey(), parameter.getValue()));
        Context own = context.vertx().getOrCreateContext();
        pages.get()
                .render(new Pages.Request(
                        context.normalizedPath().equals(BELOW) ? "/" : context.normalizedPath(), query, isLoggedIn))
                .thenAccept(page -> own.runOnContext(now -> answer(context, page)));
    }

    /** A request without a token gets the login form without an error message. */
    private void refuse(RoutingContext context, AuthDecision authDecision, boolean isFirst, String next) {
        int status = AuthFilter.refusal(context, authDecision).status();
        if (authDecision.answer() == Answer.UNAUTHENTICATED) {
            context.response().putHeader("WWW-Authenticate", "Bearer");
        }
        boolean isNobodyAsked = authDecision.answer() == Answer.FORBIDDEN && isFirst;
        answer(
                context,
                isNobodyAsked
                        ? pages.get().message(status, "Access denied", authDecision.reason(), false)
                        : pages.get().login(status, isFirst ? "" : authDecision.reason(), local(next)));
    }

    private void logIn(RoutingContext context) {
        if (isCrossSite(context.request())) {
            answer(context, pages.get().message(403, "Rejected", "Another site sent the form.", false));
            return;
        }
        String token = Optional.ofNullable(context.request().getFormAttribute("token"))
                .orElse("")
                .strip();
        String next =
                Optional.ofNullable(context.request().getFormAttribute("next")).orElse("/");
        authFilter.ask(context, VERB, Optional.of(token), authDecision -> {
            if (authDecision.isAllowed()) {
                context.response().addCookie(cookie(token, isSecure(context.request())));
                redirect(context, local(next));
            } else {
                refuse(context, authDecision, false, next);
            }
        });
    }

    private void logOut(RoutingContext context) {
        context.response().addCookie(cookie("", isSecure(context.request())).setMaxAge(0));
        redirect(context, BELOW);
    }

    private static Cookie cookie(String token, boolean isSecure) {
        return Cookie.cookie(COOKIE, token)
                .setHttpOnly(true)
                .setSameSite(CookieSameSite.STRICT)
                .setPath("/")
                .setSecure(isSecure);
    }

    private static boolean isSecure(HttpServerRequest request) {
        String forwarded = request.getHeader("X-Forwarded-Proto");
        return request.isSSL() || (forwarded != null && forwarded.startsWith("https"));
    }

    /**
     * Whether another site sent the form, according to the browser. Other clients do not send this header, but no
     * cookie of a user either.
     */
    private static boolean isCrossSite(HttpServerRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        return site != null && !site.equals("same-origin") && !site.equals("none");
    }

    /** Allows only local redirects, so that a forged form cannot redirect to another site. */
    private static String local(String address) {
        return address.startsWith(BELOW) && address.chars().allMatch(character -> character > ' ' && character < 127)
                ? address
                : BELOW;
    }

    private void redirect(RoutingContext context, String to) {
        secured(context.response()).setStatusCode(303).putHeader("Location", to).end();
    }

    private void answer(RoutingContext context, Page page) {
        if (!context.response().ended() && !context.response().closed()) {
            secured(context.response())
                    .setStatusCode(page.status())
                    .putHeader("Content-Type", "text/html; charset=utf-8")
                    .end(Buffer.buffer(page.html().getBytes(StandardCharsets.UTF_8)));
        }
    }

    private HttpServerResponse secured(HttpServerResponse response) {
        return response.putHeader(
                        "Content-Security-Policy",
                        "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
                                .formatted(pages.get().styleHash()))
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("X-Frame-Options", "DENY")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cache-Control", "no-store");
    }
}
