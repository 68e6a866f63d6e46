package io.eksphemeral.aws;

import io.eksphemeral.control.Mailer;
import java.nio.charset.StandardCharsets;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ses.SesClient;
import software.amazon.awssdk.services.ses.model.Content;

/**
 * Sends plain text through Amazon SES.
 *
 * <p>SES has no idempotency token, so that the client must not retry (see {@link
 * AwsClients#ses()}); the caller of {@link #send} does. In the SES sandbox only verified addresses
 * receive mail, 200 a day and one a second; the error says so.
 */
public final class SesMailer implements Mailer {
  private static final String CHARSET = StandardCharsets.UTF_8.name();

  private final SesClient ses;
  private final String from;

  /**
   * @param from an address that SES has verified in this region, or one of a verified domain
   */
  public SesMailer(SesClient ses, String from) {
    this.ses = ses;
    this.from = from;
  }

  @Override
  public Delivery send(Mail mail) {
    try {
      ses.sendEmail(request ->
          request
              .source(from)
              .destination(to -> to.toAddresses(mail.to()))
              .message(message ->
                  message
                      .subject(text(mail.subject()))
                      .body(body -> body.text(text(mail.body())))));
      return new Delivery.Sent();
    } catch (SdkException e) {
      return new Delivery.Failed(AwsErrors.of(e));
    } catch (RuntimeException e) {
      // Such as a closed client. A cluster's teardown must not depend on it.
      return new Delivery.Failed(e.toString());
    }
  }

  private static Content text(String data) {
    return Content.builder().charset(CHARSET).data(data).build();
  }
}
