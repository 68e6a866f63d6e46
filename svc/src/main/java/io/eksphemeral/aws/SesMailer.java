package io.eksphemeral.aws;

import io.eksphemeral.control.Mailer;
import java.nio.charset.StandardCharsets;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ses.SesClient;
import software.amazon.awssdk.services.ses.model.Content;

/**
 * Mails by Amazon SES, from one address, as plain text in UTF-8.
 *
 * <p>SES knows no token that would make sending idempotent. So the client should not send again by
 * itself what may have gone out (see {@link AwsClients#ses()}); a mail that failed is tried again
 * by who wanted it sent. While an account is in the SES sandbox, only verified addresses get mail,
 * 200 a day and one a second; the refusal says so.
 */
public final class SesMailer implements Mailer {
  private static final String CHARSET = StandardCharsets.UTF_8.name();

  private final SesClient ses;
  private final String from;

  /**
   * A mailer that sends from an address.
   *
   * @param from an address that SES has verified in this region, or the domain of which it has
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
      // Whatever it is, a cluster's end must not depend on it: a closed client, for instance.
      return new Delivery.Failed(e.toString());
    }
  }

  private static Content text(String data) {
    return Content.builder().charset(CHARSET).data(data).build();
  }
}
