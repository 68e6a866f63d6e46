package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.Mailer.Delivery;
import io.eksphemeral.control.Mailer.Mail;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The contract of every {@link Mailer}. */
public abstract class MailerContract {
  /** The mailer under test, which has sent nothing. */
  protected abstract Mailer mailer();

  /** All delivered mails, in order, as recipients get them. */
  protected abstract List<Mail> delivered() throws Exception;

  /** Makes all later mails fail. */
  protected abstract void breakDown() throws Exception;

  @Test
  void aSentMailIsDelivered() throws Exception {
    Mail mail =
        new Mail(
            "operator+eksp@eksphemeral.io",
            "EKSphemeral: cluster dev is about to be destroyed",
            "Line 1\n\n    ./eksp-prolong.sh dev 30\nünicode → too\n");

    assertThat(mailer().send(mail)).isEqualTo(new Delivery.Sent());
    assertThat(delivered()).containsExactly(mail);
  }

  @Test
  void theSameMailTwiceIsDeliveredTwice() throws Exception {
    Mail first = new Mail("alice@eksphemeral.io", "one", "1\n");
    Mail second = new Mail("alice@eksphemeral.io", "two", "2\n");
    mailer().send(first);
    mailer().send(second);
    mailer().send(first);

    assertThat(delivered()).containsExactly(first, second, first);
  }

  @Test
  void aFailureIsReportedWithoutAnException() throws Exception {
    breakDown();

    Mail mail = new Mail("alice@eksphemeral.io", "one", "1\n");
    assertThat(mailer().send(mail)).isInstanceOf(Delivery.Failed.class);
    assertThat(delivered()).isEmpty();
  }
}
