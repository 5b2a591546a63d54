import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.text.ParseException;
import java.util.List;
import java.util.Set;

public class Verify {
    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

    Verify(String jwksUrl, String issuer, String audience) throws Exception {
        var retriever = new DefaultResourceRetriever(5_000, 5_000, 100_000);
        // Asks again for a kid it does not know, but not within 5 s of the last time.
        var keys = JWKSourceBuilder.create(URI.create(jwksUrl).toURL(), retriever)
            .cache(300_000, 5_000)
            .refreshAheadCache(false)
            .rateLimited(5_000)
            .build();
        var selector = new JWSVerificationKeySelector<SecurityContext>(JWSAlgorithm.ES256, keys);
        // Without a kid the selector would offer every key.
        processor.setJWSKeySelector((header, context) ->
            header.getKeyID() == null ? List.of() : selector.selectJWSKeys(header, context));
        processor.setJWSTypeVerifier((type, context) -> {
            // Not equals(), which takes no notice of case.
            if (type == null || !type.getType().equals("at+jwt")) throw new BadJOSEException("not an access token");
        });
        var claims = new DefaultJWTClaimsVerifier<SecurityContext>(
            audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("aud", "exp", "sub"));
        claims.setMaxClockSkew(0);
        processor.setJWTClaimsSetVerifier(claims);
    }

    /** The claims of a good access token; throws for any other, for a malformed one also a RuntimeException. */
    JWTClaimsSet verify(String token) throws ParseException, BadJOSEException, JOSEException {
        JWTClaimsSet claims = processor.process(token, null);
        // nimbus takes null for an exp that never comes.
        if (claims.getExpirationTime() == null || claims.getSubject() == null) {
            throw new BadJOSEException("no exp or no sub");
        }
        return claims;
    }

    public static void main(String[] arguments) throws Exception {
        var verifier = new Verify(arguments[0], arguments[1], arguments[2]);
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null;) {
            try {
                System.out.println("ok " + verifier.verify(line).getSubject());
            } catch (Exception error) {
                System.out.println("refused");
                System.err.println(error.getMessage());
            }
        }
    }
}
