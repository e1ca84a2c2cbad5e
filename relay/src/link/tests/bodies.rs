//! Bodies over a link: credit, turns, cuts, resets.

use http_body_util::BodyExt;
use tokio::time::timeout;

use super::{
    stream::{Piece, Receiving, WINDOW},
    *,
};
use crate::{
    answer::{AnswerBody, Cut},
    protocol::MAX_DATA,
};

fn data(stream: StreamId, len: usize, end: bool) -> Frame {
    Frame::Data {
        stream,
        bytes: Bytes::from(vec![b'x'; len]),
        end,
    }
}

async fn piece(body: &mut AnswerBody) -> Option<Result<Bytes, Cut>> {
    let frame = body.frame().await?;
    Some(frame.map(|frame| frame.into_data().unwrap()))
}

/// Two links on one pipe: the relay's, the listener's.
async fn both() -> (End, End) {
    let (near, far) = duplex(8);
    (
        End::new(near, Role::Server).await,
        End::new(far, Role::Client).await,
    )
}

async fn body_of(end: &mut End) -> AnswerBody {
    in_head(end.inbound.next().await.unwrap())
}

fn in_head(incoming: Incoming) -> AnswerBody {
    match incoming {
        Incoming::Request(_, _, body) | Incoming::Response(_, _, body) => body,
        other => panic!("{other:?}"),
    }
}

/// Reads DATA until none comes; bytes, and the streams in order.
async fn drain(bare: &mut Bare) -> (usize, Vec<StreamId>) {
    let (mut total, mut order) = (0, Vec::new());
    while let Ok(frame) = timeout(Duration::from_secs(1), bare.frame()).await {
        if let Frame::Data { stream, bytes, .. } = frame {
            assert!(bytes.len() <= MAX_DATA);
            total += bytes.len();
            order.push(stream);
        }
    }
    (total, order)
}

#[tokio::test(start_paused = true)]
async fn data_stays_within_the_credit_and_goes_on_with_more() {
    let (end, mut bare) = relay().await;
    let mut body = end.out.head(request(1, false)).await.unwrap();
    let send = async {
        body.send(Bytes::from(vec![0; WINDOW + 20_000]))
            .await
            .unwrap();
        body.finish().await;
    };
    let peer = async {
        assert_eq!(drain(&mut bare).await.0, WINDOW);
        bare.send(Frame::Window {
            stream: 1,
            credit: 1_000,
        })
        .await;
        assert_eq!(
            bare.frame().await,
            Frame::Data {
                stream: 1,
                bytes: Bytes::from(vec![0; 1_000]),
                end: false,
            }
        );
        bare.send(Frame::Window {
            stream: 1,
            credit: 1_000_000,
        })
        .await;
        assert_eq!(drain(&mut bare).await.0, 19_000);
    };
    let mut inbound = end.inbound;
    tokio::select! {
        _ = async { tokio::join!(send, peer) } => {}
        incoming = inbound.next() => panic!("{incoming:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_body_goes_through_as_it_is_read() {
    let (mut relay, mut listener) = both().await;
    let sent: Vec<u8> = (0..700_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    let bytes = Bytes::from(sent.clone());
    let mut out = relay.out.head(request(1, false)).await.unwrap();
    let send = async {
        out.send(bytes).await.unwrap();
        out.finish().await;
    };
    let read = async {
        let body = body_of(&mut listener).await;
        tokio::select! {
            whole = body.collect() => whole.unwrap().to_bytes(),
            incoming = listener.inbound.next() => panic!("{incoming:?}"),
        }
    };
    tokio::select! {
        ((), read) = async { tokio::join!(send, read) } => {
            assert_eq!(&read[..5], b"first");
            assert!(read[5..] == sent[..]);
        }
        incoming = relay.inbound.next() => panic!("{incoming:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn two_bodies_take_turns() {
    let (end, mut bare) = relay().await;
    let mut one = end.out.head(request(1, false)).await.unwrap();
    let mut two = end.out.head(request(2, false)).await.unwrap();
    one.send(Bytes::from(vec![0; 100_000])).await.unwrap();
    two.send(Bytes::from(vec![0; 100_000])).await.unwrap();
    let (total, order) = drain(&mut bare).await;
    assert_eq!(total, 200_000);
    assert!(order.windows(2).all(|pair| pair[0] != pair[1]), "{order:?}");
}

#[test]
fn pieces_of_one_byte_cost_their_bytes() {
    let mut receiving = Receiving::new(stream::Kind::Response);
    for _ in 0..WINDOW {
        assert!(receiving.take(b"x", false));
    }
    assert!(receiving.capacity() <= 2 * WINDOW);
    assert!(!receiving.take(b"x", false), "beyond the credit");
    let mut read = 0;
    while let Piece::Bytes(bytes) = receiving.read() {
        read += bytes.len();
    }
    assert_eq!(read, WINDOW);
    assert_eq!(receiving.give_back(), WINDOW);
    assert_eq!(receiving.capacity(), 0, "an idle stream holds nothing");
}

#[tokio::test(start_paused = true)]
async fn each_piece_is_there_at_once_and_credit_comes_in_batches() {
    let (mut end, mut bare) = relay().await;
    let mut body = in_head(over(&mut bare, &mut end, response(1, false)).await);
    assert_eq!(
        piece(&mut body).await,
        Some(Ok(Bytes::from_static(b"first")))
    );
    let reader = async {
        let mut read = 0;
        while read < WINDOW / 2 {
            read += piece(&mut body).await.unwrap().unwrap().len();
        }
    };
    let peer = async {
        for _ in 0..8 {
            bare.send(data(1, MAX_DATA, false)).await;
        }
        bare.frame().await
    };
    let frames = tokio::select! {
        ((), frame) = async { tokio::join!(reader, peer) } => frame,
        incoming = end.inbound.next() => panic!("{incoming:?}"),
    };
    let credit = u32::try_from(WINDOW / 2).unwrap();
    assert_eq!(frames, Frame::Window { stream: 1, credit });
}

#[tokio::test(start_paused = true)]
async fn a_peer_beyond_its_credit_is_told_and_left() {
    let (mut end, mut bare) = relay().await;
    let peer = async {
        bare.send(response(1, false)).await;
        for _ in 0..WINDOW / MAX_DATA {
            bare.send(data(1, MAX_DATA, false)).await;
        }
        bare.send(data(1, 1, false)).await;
        let Frame::Error(error) = bare.frame().await else {
            panic!("ERROR comes first");
        };
        assert_eq!(error.code, ErrorCode::Protocol);
        assert_eq!(bare.close_code().await, 1002);
    };
    let inbound = async {
        let body = body_of(&mut end).await;
        (body, end.inbound.next().await)
    };
    let ((), (body, error)) = tokio::join!(peer, inbound);
    assert!(is_protocol(&error));
    assert_eq!(body.collect().await.unwrap_err(), Cut);
}

#[tokio::test(start_paused = true)]
async fn a_lost_link_cuts_what_had_not_ended_and_spares_what_had() {
    let (mut end, mut bare) = relay().await;
    let peer = async {
        for stream in [1, 2] {
            bare.send(response(stream, false)).await;
            bare.send(data(stream, 10, stream == 2)).await;
        }
        bare.send(response(3, true)).await;
    };
    let inbound = async {
        [
            body_of(&mut end).await,
            body_of(&mut end).await,
            body_of(&mut end).await,
        ]
    };
    let ((), [cut, ended, whole]) = tokio::join!(peer, inbound);
    drop(bare);
    assert_eq!(end.inbound.next().await.unwrap_err(), LinkError::Closed);
    assert_eq!(cut.collect().await.unwrap_err(), Cut);
    assert_eq!(ended.collect().await.unwrap().to_bytes().len(), 15);
    assert_eq!(http_body::Body::size_hint(&whole).exact(), Some(5));
}

#[tokio::test(start_paused = true)]
async fn a_body_without_bytes_is_at_its_end() {
    let (mut end, mut bare) = relay().await;
    let Frame::Response { stream, head, .. } = response(1, true) else {
        unreachable!();
    };
    let empty = Frame::Response {
        stream,
        head,
        first: Bytes::new(),
        end: true,
    };
    let body = in_head(over(&mut bare, &mut end, empty).await);
    assert!(http_body::Body::is_end_stream(&body));
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_reset() {
    let (mut end, mut bare) = relay().await;
    drop(over(&mut bare, &mut end, response(1, false)).await);
    let frame = bare.frame().await;
    assert_eq!(
        frame,
        Frame::Reset {
            stream: 1,
            reset: reset(ResetCode::Gone),
        }
    );
    // DATA that was under way is ignored.
    let peer = async {
        bare.send(data(1, MAX_DATA, false)).await;
        bare.send(done(1)).await;
    };
    let ((), incoming) = tokio::join!(peer, end.inbound.next());
    assert!(matches!(incoming, Ok(Incoming::Done(1, _))));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_reads_is_discarded_with_credit() {
    let (mut end, mut bare) = listener().await;
    drop(over(&mut bare, &mut end, request(1, false)).await);
    let peer = async {
        let mut credit = WINDOW;
        for _ in 0..40 {
            while credit < MAX_DATA {
                let Frame::Window { credit: more, .. } = bare.frame().await else {
                    panic!("credit comes, and nothing else");
                };
                credit += more as usize;
            }
            bare.send(data(1, MAX_DATA, false)).await;
            credit -= MAX_DATA;
        }
        bare.send(data(1, 0, true)).await;
        bare.send(done(1)).await;
    };
    let ((), incoming) = tokio::join!(peer, end.inbound.next());
    assert!(matches!(incoming, Ok(Incoming::Done(..))));
}

#[tokio::test(start_paused = true)]
async fn a_reset_by_the_peer_cancels_an_answer_and_cuts_a_body() {
    let (mut relay, mut listener) = both().await;
    let mut request_out = relay.out.head(request(1, false)).await.unwrap();
    let mut request_in = body_of(&mut listener).await;
    let mut answer_out = listener.out.head(response(1, false)).await.unwrap();
    let answer_in = body_of(&mut relay).await;

    // The sender leaves: the answer is cancelled, the delivery goes on.
    drop(answer_in);
    let incoming = listener.inbound.next().await;
    assert!(matches!(incoming, Ok(Incoming::Reset(1, r)) if r.code == ResetCode::Gone));
    answer_out.cancelled().await;
    assert_eq!(answer_out.ready().await, Err(LinkError::Closed));
    drop(answer_out);
    request_out.send(Bytes::from_static(b"more")).await.unwrap();
    let more = async {
        assert_eq!(
            piece(&mut request_in).await,
            Some(Ok(Bytes::from_static(b"first")))
        );
        piece(&mut request_in).await
    };
    tokio::select! {
        more = more => assert_eq!(more, Some(Ok(Bytes::from_static(b"more")))),
        incoming = listener.inbound.next() => panic!("{incoming:?}"),
    }

    // The relay cannot read the rest: the body is cut, never ended.
    request_out.reset(reset(ResetCode::Unavailable));
    let incoming = listener.inbound.next().await;
    assert!(matches!(incoming, Ok(Incoming::Reset(1, r)) if r.code == ResetCode::Unavailable));
    assert_eq!(piece(&mut request_in).await, Some(Err(Cut)));
    assert_eq!(piece(&mut request_in).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_target_does_not_stop_the_request_but_a_busy_listener_does() {
    let (mut relay, mut listener) = both().await;
    let mut out = relay.out.head(request(1, false)).await.unwrap();
    let _body = body_of(&mut listener).await;
    for (code, stops) in [(ResetCode::Refused, false), (ResetCode::Busy, true)] {
        let reset = reset(code);
        let frame = Frame::Reset { stream: 1, reset };
        listener.out.control(frame).await.unwrap();
        let incoming = relay.inbound.next().await;
        assert!(matches!(incoming, Ok(Incoming::Reset(1, _))));
        assert_eq!(out.ready().await.is_err(), stops, "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_dropped_before_its_end_is_reset_as_broken() {
    let (mut relay, listener) = both().await;
    let mut out = listener.out.head(response(1, false)).await.unwrap();
    out.send(Bytes::from_static(b"half")).await.unwrap();
    let mut body = body_of(&mut relay).await;
    drop(out);
    let incoming = relay.inbound.next().await;
    assert!(matches!(incoming, Ok(Incoming::Reset(1, r)) if r.code == ResetCode::Broken));
    let mut last = None;
    while let Some(piece) = piece(&mut body).await {
        last = Some(piece);
    }
    assert_eq!(last, Some(Err(Cut)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_free_again_after_done() {
    let (mut end, mut bare) = listener().await;
    drop(over(&mut bare, &mut end, request(1, true)).await);
    end.out.control(done(1)).await.unwrap();
    assert_eq!(bare.frame().await, done(1));
    assert_eq!(end.inbound.streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn bodies_on_made_up_streams_are_no_way_to_fill_the_memory() {
    let (mut end, mut bare) = relay().await;
    // It never reads: what it is owed for each of them stays.
    let flood = async {
        for stream in 1.. {
            let frame = Message::Binary(response(stream, false).encode());
            if bare.0.send(frame).await.is_err() {
                break;
            }
        }
    };
    let reading = async {
        loop {
            match end.inbound.next().await {
                Ok(incoming) => drop(incoming),
                Err(error) => break error,
            }
            assert!(end.inbound.streams() <= 1_024);
        }
    };
    let error = tokio::select! {
        error = reading => error,
        () = flood => unreachable!("the link goes first"),
    };
    assert!(matches!(error, LinkError::Protocol(_)), "{error:?}");
}
