package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.control.Mailer;
import io.eksphemeral.control.Mailer.Delivery;
import io.eksphemeral.control.Mailer.Mail;
import io.eksphemeral.control.MailerContract;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.ses.SesClient;

/**
 * The mailer with the emulator's SES, which takes mails from verified addresses only and keeps them
 * for looking at. It shows nothing of how a mail arrives, nor of the sandbox.
 */
final class SesMailerTest extends MailerContract {
  private static final Mail MAIL = new Mail("alice@eksphemeral.io", "one", "1\n");

  private final String from = Emulator.newName("sender") + "@eksphemeral.io";
  private SesClient ses;
  private SesMailer mailer;

  @BeforeEach
  void verify() {
    ses = Emulator.ses();
    ses.verifyEmailIdentity(request -> request.emailAddress(from));
    mailer = new SesMailer(ses, from);
  }

  @Override
  protected Mailer mailer() {
    return mailer;
  }

  @Override
  protected List<Mail> delivered() throws IOException, InterruptedException {
    JsonNode json = JsonMapper.builder().build().readTree(Emulator.mails());
    // LocalStack has one array of all mails, the other emulator an array for each account.
    JsonNode messages = json.path("messages");
    Stream<JsonNode> all =
        messages.isArray()
            ? elements(messages)
            : elements(messages).flatMap(SesMailerTest::elements);
    return all.filter(mail -> mail.path("Source").asText().equals(from))
        .map(mail ->
            mail.has("To")
                ? mail(mail.path("To"), mail, mail.path("BodyText"))
                : mail(
                    mail.path("Destination").path("ToAddresses"),
                    mail,
                    mail.path("Body").path("text_part")))
        .toList();
  }

  private static Mail mail(JsonNode to, JsonNode mail, JsonNode body) {
    return new Mail(
        elements(to).map(JsonNode::asText).collect(Collectors.joining(", ")),
        mail.path("Subject").asText(),
        body.asText());
  }

  private static Stream<JsonNode> elements(JsonNode json) {
    return StreamSupport.stream(json.spliterator(), false);
  }

  @Override
  protected void breakDown() {
    ses.deleteIdentity(request -> request.identity(from));
  }

  @Test
  void aRejectionHasTheReason() {
    breakDown();

    assertThat(why(mailer.send(MAIL))).startsWith("MessageRejected: ").contains(from);
  }

  @Test
  void subjectAndTextAreDeclaredAsUtf8() {
    FaultyHttpClient wire = new FaultyHttpClient();
    wire.next(
        FaultyHttpClient.answer(
            200,
            "<SendEmailResponse><SendEmailResult><MessageId>m</MessageId></SendEmailResult>"
                + "</SendEmailResponse>"));

    assertThat(new SesMailer(over(wire), from).send(MAIL)).isEqualTo(new Delivery.Sent());
    assertThat(wire.seen().getFirst().body())
        .as("SES takes what is not said to be anything else for 7-bit ASCII; no emulator does")
        .contains("Message.Subject.Charset=UTF-8", "Message.Body.Text.Charset=UTF-8");
  }

  @Test
  void aMailThatMayHaveBeenSentIsNotSentAgain() {
    for (FaultyHttpClient.Reaction reaction :
        List.of(
            FaultyHttpClient.lostRequest(),
            FaultyHttpClient.answer(500, "<ErrorResponse/>"),
            sesError(400, "Throttling", "Maximum sending rate exceeded."))) {
      FaultyHttpClient wire = new FaultyHttpClient();
      wire.next(reaction);

      assertThat(new SesMailer(over(wire), from).send(MAIL)).isInstanceOf(Delivery.Failed.class);
      assertThat(wire.seen()).hasSize(1);
    }
  }

  @Test
  void timeoutsAndThrottlingAreFailedDeliveries() {
    assertThat(why(FaultyHttpClient.lostRequest())).contains("Read timed out");
    assertThat(why(sesError(400, "Throttling", "Daily message quota exceeded.")))
        .isEqualTo("Throttling: Daily message quota exceeded. (HTTP 400)");
    assertThat(why(sesError(403, "AccessDenied", "not authorized to perform ses:SendEmail")))
        .contains("AccessDenied: not authorized to perform ses:SendEmail");
    assertThat(why(FaultyHttpClient.answer(503, "not even XML"))).contains("HTTP 503");
  }

  @Test
  void anErrorAboutTheSignatureDoesNotShowKeys() {
    assertThat(
            why(
                sesError(
                    400,
                    "IncompleteSignature",
                    "Authorization header requires existence of 'Signature'. Authorization="
                        + "AWS4-HMAC-SHA256 Credential=AKIASECRET/20261122")))
        .startsWith("IncompleteSignature (HTTP 400")
        .doesNotContain("AKIASECRET");
  }

  @Test
  void aClosedClientIsAFailedDelivery() {
    ses.close();

    assertThat(mailer.send(MAIL)).isInstanceOf(Delivery.Failed.class);
  }

  private String why(FaultyHttpClient.Reaction reaction) {
    FaultyHttpClient wire = new FaultyHttpClient();
    wire.next(reaction);
    return why(new SesMailer(over(wire), from).send(MAIL));
  }

  private static String why(Delivery delivery) {
    return ((Delivery.Failed) delivery).why();
  }

  /** A client whose requests go nowhere. */
  private static SesClient over(FaultyHttpClient wire) {
    return Emulator.at(URI.create("http://127.0.0.1:9"), AwsClients.ses()).httpClient(wire).build();
  }

  private static FaultyHttpClient.Reaction sesError(int status, String code, String message) {
    return FaultyHttpClient.answer(
        status,
        "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>R1</RequestId></ErrorResponse>"
            .formatted(code, message),
        Map.of("x-amzn-RequestId", "R1"));
  }
}
