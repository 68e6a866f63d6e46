package io.eksphemeral.simulation;

import io.eksphemeral.simulation.Network.Call;
import io.eksphemeral.simulation.Network.Service;
import software.amazon.awssdk.services.ses.SesClient;
import software.amazon.awssdk.services.ses.model.SendEmailRequest;
import software.amazon.awssdk.services.ses.model.SendEmailResponse;

/** SES as one process has it. Nobody reads the mails but the promises. */
final class SimulatedSes implements SesClient {
  private static final SendEmailResponse SENT =
      SendEmailResponse.builder().messageId("sent").build();

  private final InvariantChecker promises;
  private final Network network;
  private final Caller caller;

  SimulatedSes(InvariantChecker promises, Network network, Caller caller) {
    this.promises = promises;
    this.network = network;
    this.caller = caller;
  }

  @Override
  public SendEmailResponse sendEmail(SendEmailRequest request) {
    String subject = request.message().subject().data();
    String body = request.message().body().text().data();
    Runnable tried = () -> promises.mailTried(subject, body, caller.invocation());
    return network.call(
        caller,
        new Call(Service.SES, subject, _ -> true, tried),
        () -> {
          promises.mailSent(request.destination().toAddresses().getFirst(), body);
          return SENT;
        });
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {}
}
